import unittest

from small_project import SmallProject


class InstanceCases(unittest.TestCase):
    def test_are_those_that_calls_make(self):
        small = SmallProject("class Loader: ...\na = Loader(1)\nb = Loader(2)\n")
        (cls,) = small.values("Loader")
        calls = [i.call for i in small.flow.instances.of(cls)]
        self.assertEqual(calls, [small.expression("a"), small.expression("b")])

    def test_is_one_of_which_nothing_is_known_where_no_call_is_seen(self):
        small = SmallProject("class Loader: ...\n")
        (cls,) = small.values("Loader")
        self.assertEqual([i.call for i in small.flow.instances.of(cls)], [None])

    def test_of_a_class_derived_from_one_of_spdl_is_what_that_one_makes(self):
        small = SmallProject("from spdl.dataloader import DataLoader\nclass Mine(DataLoader): ...\na = Mine([])\n")
        self.assertEqual(small.kinds("a"), ["Pipeline"])
