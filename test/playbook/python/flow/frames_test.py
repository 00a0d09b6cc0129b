import unittest

from pipeline_source.flow.frames import MAX_CONTEXTS, Spread
from small_project import SmallProject

CODE = """
def make(size, *, workers=2, **rest): ...
a = make(8, workers=4, depth=1)
b = make(16, **options)
"""


class FrameCases(unittest.TestCase):
    def setUp(self):
        self.small = SmallProject(CODE)
        (self.make,) = self.small.values("make")

    def bound(self, name):
        return self.small.flow.frames.bind(self.make, [(self.small.expression(name), self.small.frame)], None)

    def test_keeps_callers_apart_and_a_call_together(self):
        self.assertIs(self.bound("a"), self.bound("a"))
        self.assertIsNot(self.bound("a"), self.bound("b"))

    def test_says_what_each_parameter_was_given(self):
        args = self.bound("a").args
        self.assertEqual([args[n][0].value for n in ("size", "workers")], [8, 4])
        (rest,) = args["rest"]()
        self.assertEqual([k for k, _ in rest.entries], ["depth"])

    def test_leaves_open_what_a_spread_may_give(self):
        self.assertIsInstance(self.bound("b").args["workers"], Spread)

    def test_takes_calls_together_beyond_a_number_of_them(self):
        frames = self.small.flow.frames
        calls = [SmallProject(CODE).expression("a") for _ in range(MAX_CONTEXTS + 1)]
        last = [frames.bind(self.make, [(call, self.small.frame)], None) for call in calls][-1]
        self.assertIsNone(last.args)
