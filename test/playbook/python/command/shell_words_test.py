import json
import os
import unittest

from pipeline_source.command.environment_file import variables_of
from pipeline_source.command.shell_script import Shell
from pipeline_source.command.shell_words import commands_of
from small_project import SmallProject

TESTS = os.path.join(os.path.dirname(os.path.abspath(__file__)), *[os.pardir] * 3)


def table() -> list[dict]:
    """What test/domain/command/shell-commands.test.ts holds the other reader against."""
    with open(os.path.join(TESTS, "fixtures", "shell-words.json"), encoding="utf-8") as file:
        return json.load(file)


class ShellWordCases(unittest.TestCase):
    def test_are_those_of_the_table(self):
        for case in table():
            with self.subTest(case["says"]):
                self.assertEqual(commands_of(case["text"]), case["commands"])

    def test_of_a_script_are_the_same(self):
        for case in table():
            # A script's default values and empty variables are put in.
            if case["bash"]:
                with self.subTest(case["says"]):
                    self.assertEqual(list(Shell("run.sh", case["text"], [], {}).commands()), case["commands"])

    def test_of_a_launch_command_are_read_by_the_same_rules(self):
        command = "cd . && python main.py 2>&1 --wor\\\nkers 8 >out.log --name 'a b' | tee out.log # --workers 9"
        project = SmallProject("", None, command).project
        self.assertEqual(project.launch.arguments, ["--workers", "8", "--name", "a b"])

    def test_of_a_script_have_their_places(self):
        text = "N=4\npython t.py --n $N --m '5'\n"
        words = next(iter(Shell("run.sh", text, [], {}).commands()))
        self.assertEqual(words[3].number(), ("run.sh", 2, 3))
        self.assertEqual(words[5].number(), ("run.sh", text.index("5"), text.index("5") + 1))


class EnvironmentFileCases(unittest.TestCase):
    def test_are_read_by_the_same_rules(self):
        text = "export A=b#c B='d e' # it's one\nC=\"x\ny\"\nD=$(nproc)\necho E=1\nF=${A}/g\n"
        self.assertEqual(variables_of(text, {}), {"A": "b#c", "B": "d e", "C": "x\ny", "F": "b#c/g"})
