import ast
import unittest

from pipeline_source.loops.iterables import Iterables
from pipeline_source.loops.places import Places
from pipeline_source.loops.streams import Streams
from pipeline_source.loops.windows import Windows
from small_project import SmallProject

LOADER = "from spdl.pipeline import PipelineBuilder\nfrom itertools import islice\nloader = PipelineBuilder().add_source(src).add_sink(2).build()\n"


class WindowCases(unittest.TestCase):
    def loops(self, text):
        small = SmallProject(f"{LOADER}{text}\n")
        streams = Streams(small.flow)
        windows = Windows(small.flow, streams, Iterables(small.flow, streams), Places(small.flow))
        loop = [n for n in ast.walk(small.main.tree) if isinstance(n, ast.For)][-1]
        gathered = windows.gathered(loop.iter, small.frame)
        if gathered is None:
            return None
        return [(found.kind, ast.unparse(found.iterable)) for found in windows.loop_of_gathered(loop, *gathered)]

    def test_taken_in_each_round_are_its_steps(self):
        text = "batches = iter(loader)\nfor step in range(9):\n    for batch in list(islice(batches, 4)):\n        pass"
        self.assertEqual(self.loops(text), [("window", "list(islice(batches, 4))")])

    def test_of_all_batches_are_a_loop_over_the_pipeline(self):
        self.assertEqual(self.loops("known = list(loader)\nfor batch in known:\n    pass"), [("for", "loader")])

    def test_are_none_where_batches_come_one_by_one(self):
        self.assertIsNone(self.loops("for batch in loader:\n    pass"))
