import unittest

from small_project import SmallProject


class StoreCases(unittest.TestCase):
    def test_into_a_display_come_before_what_stands_there(self):
        small = SmallProject("cfg = {'workers': 2}\ncfg['workers'] = 4\nresult = cfg['workers']\n")
        self.assertEqual(small.known("result"), [4])
        self.assertIn(id(small.expression("cfg").values[0]), small.flow.overridden.homes)

    def test_count_only_where_they_may_run(self):
        small = SmallProject("cfg = {'workers': 2}\nif False:\n    cfg['workers'] = 4\nresult = cfg['workers']\n")
        self.assertEqual(small.known("result"), [2])

    def test_into_an_object_from_outside_are_found(self):
        small = SmallProject("class A: ...\na = A()\na.workers = 6\nresult = a.workers\n")
        self.assertEqual(small.known("result"), [6])
