import ast
import unittest

from pipeline_source.loops.loop import Loop
from small_project import SmallProject


class LoopCases(unittest.TestCase):
    def setUp(self):
        self.small = SmallProject("for batch in batches:\n    pass\n")
        self.node = self.small.main.tree.body[0]
        self.frame = self.small.frame

    def test_is_taken_hold_of_at_its_iterable(self):
        loop = Loop("for", self.node, self.node.iter, self.frame, [], [])
        self.assertEqual(loop.sources, [(self.node.iter, self.frame)])
        self.assertIs(loop.at, self.frame)

    def test_is_taken_hold_of_where_its_iterator_is_made(self):
        made = (ast.parse("iter(loader)").body[0].value, self.frame)
        self.assertEqual(Loop("next", self.node, self.node.iter, self.frame, [], [made]).sources, [made])
