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

    def test_gives_what_is_left_of_the_places_to_the_starred_parameter(self):
        for text, value in (
            ("def f(a, *rest): return rest[1]\nresult = f(1, 2, 3)\n", 3),
            ("def f(*all):\n    return all\na, result = f(1, 2)\n", 2),
            ("def f(*all):\n    return tuple(n + 1 for n in all)\na, result = f(1, 2)\n", 3),
            ("def g(a, b): return b\ndef f(*all): return g(*all)\nresult = f(1, 2)\n", 2),
            ("def g(a, b): return b\nresult = g(*(1, 2))\n", 2),
        ):
            with self.subTest(text):
                self.assertEqual(SmallProject(text).known("result"), [value])

    def test_does_not_count_places_behind_a_sequence_that_is_not_known(self):
        small = SmallProject("def f(a, b=4, c=5): return c\nresult = f(*unknown(), 7)\n")
        self.assertNotIn(7, small.known("result"))
