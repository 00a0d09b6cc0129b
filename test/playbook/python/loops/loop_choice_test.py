import ast
import unittest

from pipeline_source.loops.loop import Loop
from pipeline_source.loops.loop_choice import LoopChoice
from pipeline_source.loops.phases import Phases
from pipeline_source.loops.streams import Streams
from small_project import SmallProject

LOADER = "from spdl.pipeline import PipelineBuilder\nloader = PipelineBuilder().add_source(src).add_sink(2).build()\n"


class ChoiceCases(unittest.TestCase):
    def asked(self, text):
        small = SmallProject(f"{LOADER}{text}\n")
        streams = Streams(small.flow)
        loops = []
        for node in [n for n in ast.walk(small.main.tree) if isinstance(n, ast.For)]:
            frame = small.flow.frames.at(small.main, node)
            loops.append(Loop("for", node, node.iter, frame, streams.of(node.iter, frame), []))
        return LoopChoice(small.flow, streams, Phases(small.flow, streams)), loops

    def test_falls_on_what_trains(self):
        text = "def train():\n    for b in loader:\n        loss = model(b)\n        loss.backward()\n"
        choice, (train, other) = self.asked(f"{text}def validate():\n    for b in loader:\n        model(b)\ntrain()\nvalidate()")
        self.assertGreater(choice.score(train), choice.score(other))
        self.assertFalse(choice.is_evaluation(train))
        self.assertTrue(choice.is_evaluation(other))

    def test_knows_what_the_script_runs(self):
        choice, (used, unused) = self.asked(
            "def a():\n    for b in loader: ...\ndef c():\n    for d in loader: ...\na()"
        )
        self.assertTrue(choice.runs(used))
        self.assertGreater(choice.score(used), choice.score(unused))

    def test_sees_batches_that_are_taken_inside(self):
        choice, (loop,) = self.asked("for b in loader:\n    more = next(loader)")
        self.assertEqual(choice.taken_inside(loop).lineno, 4)
        choice, (loop,) = self.asked("for b in loader:\n    more = next(others)")
        self.assertIsNone(choice.taken_inside(loop))

    def test_sees_training_outside_of_a_loop(self):
        choice, (loop,) = self.asked("for b in loader:\n    ...\nloss.backward()")
        self.assertTrue(choice.trains_elsewhere(loop))

    def test_falls_on_a_name_where_nothing_was_followed(self):
        choice, _ = self.asked("for i in range(9): ...\nfor batch in enumerate(train_loader):\n    loss.backward()")
        self.assertEqual(ast.unparse(choice.by_name().iterable), "train_loader")
