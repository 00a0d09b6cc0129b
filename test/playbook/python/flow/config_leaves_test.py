import unittest

from pipeline_source.values.values import Leaf
from small_project import SmallProject

CODE = "import yaml\ncfg = yaml.safe_load(open('c.yaml'))\nresult = cfg['loader']['workers']\n"


class ConfigLeafCases(unittest.TestCase):
    def test_keep_the_place_of_a_number(self):
        (leaf,) = SmallProject(CODE, {"c.yaml": "loader:\n  workers: 4\n"}).values("result")
        self.assertIsInstance(leaf, Leaf)
        self.assertEqual((leaf.value, leaf.pointer), (4, "/loader/workers"))

    def test_follow_an_interpolation_to_where_the_number_stands(self):
        text = "n: 6\nloader:\n  workers: ${n}\n"
        (leaf,) = SmallProject(CODE, {"c.yaml": text}).values("result")
        self.assertEqual((leaf.value, leaf.pointer), (6, "/n"))

    def test_give_way_to_the_command(self):
        small = SmallProject(CODE, {"c.yaml": "loader:\n  workers: 4\n"}, "python main.py loader.workers=9")
        self.assertEqual(small.known("result"), [9])

    def test_are_unknown_where_the_file_has_no_such_key(self):
        self.assertEqual(SmallProject(CODE, {"c.yaml": "loader: {}\n"}).kinds("result"), ["Unknown"])
