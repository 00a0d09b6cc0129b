import ast
import unittest

from pipeline_source.loops.phases import Phases, reads_like_evaluation
from pipeline_source.loops.streams import Streams
from small_project import SmallProject

LOADERS = """from spdl.pipeline import PipelineBuilder
train = PipelineBuilder().add_source(a).add_sink(2).build()
val = PipelineBuilder().add_source(b).add_sink(2).build()
"""


class PhaseCases(unittest.TestCase):
    def asked(self, text):
        small = SmallProject(f"{LOADERS}{text}\n")
        return small, Phases(small.flow, Streams(small.flow))

    def test_are_told_by_words_however_they_are_written(self):
        for name in ("val_loader", "evaluate", "testSet", "warm_up"):
            self.assertTrue(reads_like_evaluation(name), name)
        for name in ("train_loader", "latest", "value", "interval"):
            self.assertFalse(reads_like_evaluation(name), name)

    def test_are_told_by_what_stands_around(self):
        small, phases = self.asked("result = run(loader, train=False)")
        self.assertTrue(phases.is_for_evaluation(small.expression("result").args[0], small.frame))
        small, phases = self.asked("result = run(loader, train=True)")
        self.assertFalse(phases.is_for_evaluation(small.expression("result").args[0], small.frame))

    def test_of_one_function_for_both_are_parted_where_it_is_called(self):
        small, phases = self.asked("def run(it):\n    for x in it: ...\nrun(train)\nrun(val)")
        loop = small.values("run")[0].node.body[0]
        parts, evaluates = phases.training_parts(loop.iter, small.flow.frames.at(small.main, loop))
        self.assertEqual(([ast.unparse(node) for node, _ in parts], evaluates), (["train"], True))

    def test_of_a_mapping_are_told_by_its_key(self):
        small, phases = self.asked("loaders = {'train': train, 'val': val}\nfor phase in loaders:\n    asked = loaders[phase]")
        key = phases.phase_of(small.expression("asked"), small.frame)
        self.assertEqual(ast.unparse(key), "phase")
