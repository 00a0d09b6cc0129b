import ast
import unittest

from pipeline_source.libraries.python_readers import follows_bases, replaces_whole_values, runs_files


class PythonReaderCases(unittest.TestCase):
    def test_are_told_by_what_they_call(self):
        plain = ast.parse("def f(p):\n    return open(p)").body[0]
        reader = ast.parse("def f(p):\n    c = runpy.run_path(p)\n    return c['_base_']").body[0]
        self.assertEqual([runs_files(Reader(f)) for f in (plain, reader)], [False, True])
        self.assertEqual([follows_bases(f) for f in (plain, reader)], [False, True])

    def test_replace_whole_values_by_update(self):
        merging = ast.parse("def f(a, b):\n    a.update(b)").body[0]
        self.assertTrue(replaces_whole_values(Reader(merging)))


class Reader:
    """A function as the readers take it."""

    def __init__(self, node):
        self.node = node
