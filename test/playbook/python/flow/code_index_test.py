import ast
import unittest

from pipeline_source.flow.code_index import CodeIndex
from small_project import SmallProject


class CodeIndexCases(unittest.TestCase):
    def setUp(self):
        small = SmallProject("f(1)\na.f(2)\ncfg['n'] = 3\ncfg.m = 4\n", {"later.py": "f(5)\nother.n = 6\n"})
        self.small, self.index = small, CodeIndex(small.project)

    def test_finds_calls_and_stores_by_name(self):
        self.assertEqual([c.args[0].value for _, c in self.index.calls["f"]], [1, 2])
        self.assertEqual([v.value for _, _, v in self.index.key_stores["n"]], [3])
        self.assertEqual(list(self.index.key_stores), ["n", "m"])

    def test_takes_in_a_module_that_is_found_later(self):
        self.assertIsInstance(self.index.file("later.py").tree, ast.Module)
        self.assertEqual([c.args[0].value for _, c in self.index.calls["f"]], [1, 2, 5])
        self.assertEqual([v.value for _, _, v in self.index.key_stores["n"]], [3, 6])
        self.assertIsNone(self.index.file("missing.py"))
