import unittest

from pipeline_source.flow.laid import Laid, with_overlays
from pipeline_source.values.values import Concrete
from small_project import SmallProject

CODE = """
import argparse, json
parser = argparse.ArgumentParser()
parser.add_argument("--workers", type=int, default=2)
args = parser.parse_args()
vars(args).update(json.load(open("c.json")))
result = args.workers
"""


class LaidOverCases(unittest.TestCase):
    def test_stand_in_place_of_a_default(self):
        small = SmallProject(CODE, {"c.json": '{"workers": 7}'})
        self.assertEqual(small.known("result"), [7])
        (definition,) = small.flow.flags.definitions
        self.assertIn(id(definition), small.flow.overridden.homes)

    def test_leave_alone_what_they_do_not_hold(self):
        self.assertEqual(SmallProject(CODE, {"c.json": '{"batch": 7}'}).known("result"), [2])

    def test_that_only_fill_gaps_do_not_replace(self):
        own, laid = [Concrete(2)], [Laid([Concrete(7)], "absent")]
        self.assertIs(with_overlays(laid, own, set()), own)
        self.assertEqual(with_overlays(laid, [Concrete(None)], set())[0].value, 7)
