import unittest

from pipeline_source.configs.config_roots import ConfigRoots
from small_project import SmallProject


class ConfigRootCases(unittest.TestCase):
    def test_read_a_file_once_and_say_why_one_cannot_be_read(self):
        small = SmallProject("", {"a.json": '{"n": 1}', "b.json": "{"})
        roots = ConfigRoots(small.project)
        self.assertEqual(roots.root("a.json").value, {"n": 1})
        self.assertIs(roots.root("a.json").config, roots.root("a.json").config)
        self.assertIsNone(roots.root("b.json"))
        self.assertEqual(list(roots.problems), ["b.json"])
