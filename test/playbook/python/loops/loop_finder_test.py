import ast
import unittest

from pipeline_source.loops.iterables import Iterables
from pipeline_source.loops.loop_choice import LoopChoice
from pipeline_source.loops.loop_finder import LoopFinder
from pipeline_source.loops.phases import Phases
from pipeline_source.loops.places import Places
from pipeline_source.loops.streams import Streams
from pipeline_source.loops.windows import Windows
from small_project import SmallProject

LOADER = "from spdl.pipeline import PipelineBuilder\nloader = PipelineBuilder().add_source(src).add_sink(2).build()\n"


class FinderCases(unittest.TestCase):
    def loops(self, text):
        small = SmallProject(f"{LOADER}{text}\n")
        flow = small.flow
        streams, places = Streams(flow), Places(flow)
        iterables, phases = Iterables(flow, streams), Phases(flow, streams)
        windows = Windows(flow, streams, iterables, places)
        return LoopFinder(flow, streams, iterables, places, windows, phases, LoopChoice(flow, streams, phases)).find()

    def found(self, text):
        return [(loop.kind, loop.node.lineno, ast.unparse(loop.iterable)) for loop in self.loops(text)]

    def test_finds_a_loop_over_a_pipeline(self):
        self.assertEqual(self.found("for i, b in enumerate(loader):\n    step(b)"), [("for", 3, "loader")])

    def test_finds_a_loop_that_takes_the_next(self):
        text = "batches = iter(loader)\nfor i in range(9):\n    b = next(batches)"
        self.assertEqual(self.found(text), [("next", 4, "batches")])
        self.assertEqual(self.found("while True:\n    b = loader.get_item()"), [("get_item", 3, "loader.get_item()")])

    def test_finds_what_a_library_iterates_over(self):
        text = "from lightning import Trainer\nTrainer().fit(model, loader)"
        self.assertEqual(self.found(text), [("argument", 4, "loader")])

    def test_takes_hold_where_only_training_is_fed(self):
        text = "val = PipelineBuilder().add_source(b).add_sink(2).build()\ndef run(it):\n    for x in it: ...\n"
        (loop,) = self.loops(f"{text}run(loader)\nrun(val)")
        self.assertEqual([ast.unparse(node) for node, _ in loop.sources], ["loader"])
