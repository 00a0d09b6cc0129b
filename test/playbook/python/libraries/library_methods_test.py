import unittest

from small_project import SmallProject


class LibraryMethodCases(unittest.TestCase):
    def test_of_mappings_look_keys_up_or_fall_back(self):
        self.assertEqual(SmallProject("result = {'n': 4}.get('n', 1)\n").known("result"), [4])
        self.assertEqual(SmallProject("result = {'n': 4}.get('m', 1)\n").known("result"), [1])

    def test_of_a_parser_give_arguments(self):
        small = SmallProject("import argparse\nresult = argparse.ArgumentParser().parse_args()\n")
        self.assertEqual(small.kinds("result"), ["Arguments"])

    def test_of_a_text_are_worked_out(self):
        self.assertEqual(SmallProject("result = 'a-b'.replace('-', '_').upper()\n").known("result"), ["A_B"])
