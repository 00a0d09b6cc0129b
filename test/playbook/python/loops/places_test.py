import ast
import unittest

from pipeline_source.loops.places import Places
from small_project import SmallProject


class PlaceCases(unittest.TestCase):
    def lines(self, text):
        """Lines of the loops around the call of `take`."""
        small = SmallProject(text)
        (call,) = [n for n in ast.walk(small.main.tree) if isinstance(n, ast.Call) and getattr(n.func, "id", "") == "take"]
        return [loop.lineno for loop, _ in Places(small.flow).loops_around(small.main, call)]

    def test_are_the_innermost_loops(self):
        self.assertEqual(self.lines("for epoch in range(2):\n    while True:\n        take()\n"), [2])

    def test_are_found_through_the_functions_that_lead_there(self):
        self.assertEqual(self.lines("def step():\n    return take()\nfor i in range(9):\n    step()\n"), [3])

    def test_are_none_where_the_iterable_is_asked_once(self):
        self.assertEqual(self.lines("for batch in take():\n    pass\n"), [])

    def test_are_those_that_ask_a_function_until_its_end(self):
        self.assertEqual(self.lines("def step():\n    return take()\nfor batch in iter(step, None):\n    pass\n"), [3])
