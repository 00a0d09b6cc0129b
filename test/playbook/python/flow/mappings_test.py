import unittest

from small_project import SmallProject


class MappingCases(unittest.TestCase):
    def known(self, text, command="python main.py"):
        return SmallProject(text, None, command).known("result")

    def test_the_later_of_two_spreads_wins(self):
        self.assertEqual(self.known("a = {'n': 1}\nresult = {**a, 'n': 2}['n']\n"), [2])
        self.assertEqual(self.known("a = {'n': 1}\nresult = {'n': 2, **a}['n']\n"), [1])

    def test_sequences_and_texts_are_indexed(self):
        self.assertEqual(self.known("result = [4, 8][-1]\n"), [8])
        self.assertEqual(self.known("result = 'a.b'.split('.')[1]\n"), ["b"])

    def test_the_environment_and_the_words_are_those_of_the_command(self):
        code = "import os, sys\nresult = os.environ['N'], sys.argv[1]\nresult = result[{}]\n"
        self.assertEqual(self.known(code.format(0), "N=4 python main.py 7"), ["4"])
        self.assertEqual(self.known(code.format(1), "N=4 python main.py 7"), [7])

    def test_an_entry_made_of_itself_is_unknown(self):
        self.assertEqual(SmallProject("d = {}\nd['a'] = d['a']\nresult = d['a']\n").kinds("result"), ["Unknown"])
