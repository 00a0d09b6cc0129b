import unittest

from small_project import SmallProject


class NameCases(unittest.TestCase):
    def test_stand_for_the_last_binding_that_must_have_run(self):
        self.assertEqual(SmallProject("a = 1\na = 2\nresult = a\na = 3\n").known("result"), [2])
        self.assertEqual(SmallProject("a = 1\nif unknown():\n    a = 2\nresult = a\n").known("result"), [2, 1])

    def test_are_added_to(self):
        self.assertEqual(SmallProject("a = 1\na += 4\nresult = a\n").known("result"), [5])

    def test_are_unpacked(self):
        self.assertEqual(SmallProject("x, (y, result) = 1, (2, 3)\n").known("result"), [3])

    def test_are_imported_from_modules_of_the_project_and_by_star(self):
        files = {"settings.py": "WORKERS = 6\n"}
        self.assertEqual(SmallProject("from settings import WORKERS as result\n", files).known("result"), [6])
        self.assertEqual(SmallProject("from settings import *\nresult = WORKERS\n", files).known("result"), [6])

    def test_of_libraries_and_builtins_are_external(self):
        small = SmallProject("import os.path\nfrom torch import nn\n")
        self.assertEqual([small.values(n)[0].name for n in ("os", "nn", "len")], ["os", "torch.nn", "builtins.len"])
