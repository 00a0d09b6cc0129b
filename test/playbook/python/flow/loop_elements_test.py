import ast
import unittest

from pipeline_source.flow.loop_elements import LoopElements, fix
from small_project import SmallProject


class ElementCases(unittest.TestCase):
    def elements(self, text):
        small = SmallProject(f"result = {text}\n")
        flow = small.flow
        found = LoopElements(flow.evaluator, flow.classes).of(small.expression("result"), small.frame)
        take = flow.evaluator.argument

        def plain(element):
            return [plain(e) for e in element] if isinstance(element, list) else take(element)[0].value

        return None if found is None else [plain(e) for e in found]

    def test_are_those_of_displays_and_what_stands_around_them(self):
        self.assertEqual(self.elements("[4, 8]"), [4, 8])
        self.assertEqual(self.elements("reversed([4, 8])"), [8, 4])
        self.assertEqual(self.elements("enumerate([4, 8], 1)"), [[1, 4], [2, 8]])
        self.assertEqual(self.elements("zip(['a', 'b'], range(2))"), [["a", 0], ["b", 1]])

    def test_are_those_of_mappings(self):
        self.assertEqual(self.elements("{'a': 1, 'b': 2}.items()"), [["a", 1], ["b", 2]])
        self.assertEqual(self.elements("sorted({'b': 1, 'a': 2})"), ["a", "b"])

    def test_are_not_known_of_what_runs(self):
        self.assertIsNone(self.elements("load()"))
        self.assertIsNone(self.elements("range(10_000)"))

    def test_bind_the_names_of_a_target(self):
        fixed = {}
        self.assertTrue(fix(ast.parse("a, b").body[0].value, [1, 2], fixed))
        self.assertEqual(fixed, {"a": 1, "b": 2})
        self.assertFalse(fix(ast.parse("a, b").body[0].value, [1], fixed))
