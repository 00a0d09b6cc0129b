import unittest

from small_project import SmallProject

CODE = """
import argparse
parser = argparse.ArgumentParser()
parser.add_argument("config")
parser.add_argument("-j", "--workers", type=int, default=2)
{}
args = parser.parse_args()
result = args.{}
"""


class CommandArgumentCases(unittest.TestCase):
    def known(self, line, name, command):
        return SmallProject(CODE.format(line, name), None, command).known("result")

    def test_are_given_or_have_their_default(self):
        self.assertEqual(self.known("", "workers", "python main.py c.yaml"), [2])
        self.assertEqual(self.known("", "workers", "python main.py -j 8 c.yaml"), [8])

    def test_are_words_in_their_order(self):
        self.assertEqual(self.known("", "config", "python main.py -j 8 c.yaml"), ["c.yaml"])

    def test_have_a_default_that_is_set_later(self):
        line = "parser.set_defaults(workers=5)"
        self.assertEqual(self.known(line, "workers", "python main.py c.yaml"), [5])
        self.assertEqual(self.known(line, "workers", "python main.py -j 8 c.yaml"), [8])
