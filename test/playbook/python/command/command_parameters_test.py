import unittest

from small_project import SmallProject


class CommandParameterCases(unittest.TestCase):
    def value(self, text, command):
        small = SmallProject(text, None, command)
        (function,) = small.values("run")
        frame = small.flow.frames.open(small.main.scopes[function.node])
        return [v.value for v in small.flow.names.look_up("workers", frame, None)]

    def test_come_from_the_command_in_click_and_fire(self):
        click = "import click\n@click.command()\n@click.option('--workers', default=2)\ndef run(workers): ...\n"
        self.assertEqual(self.value(click, "python main.py"), [2])
        self.assertEqual(self.value(click, "python main.py --workers 6"), [6])
        fire = "import fire\ndef run(workers=2): ...\nfire.Fire(run)\n"
        self.assertEqual(self.value(fire, "python main.py --workers=6"), [6])
