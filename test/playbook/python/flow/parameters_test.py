import unittest

from small_project import SmallProject


class ParameterCases(unittest.TestCase):
    def known(self, text):
        return SmallProject(text).known("result")

    def test_come_from_the_call_that_is_followed(self):
        self.assertEqual(self.known("def f(n):\n    return n\nother = f(1)\nresult = f(2)\n"), [2])

    def test_have_their_default_where_the_call_or_a_spread_says_nothing(self):
        self.assertEqual(self.known("def f(n=3):\n    return n\nresult = f()\n"), [3])
        self.assertEqual(self.known("def f(n=3, m=1):\n    return n\nresult = f(**{'m': 2})\n"), [3])
        self.assertEqual(self.known("def f(n=3, m=1):\n    return n\nresult = f(**{'n': 5})\n"), [5])

    def test_come_from_all_callers_where_none_is_followed(self):
        small = SmallProject("def f(n):\n    return n\nf(1)\nf(2)\n")
        (function,) = small.values("f")
        frame = small.flow.frames.open(small.main.scopes[function.node])
        self.assertEqual([v.value for v in small.flow.names.look_up("n", frame, None)], [1, 2])
