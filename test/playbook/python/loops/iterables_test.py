import ast
import unittest

from pipeline_source.loops.iterables import Iterables
from pipeline_source.loops.streams import Streams
from small_project import SmallProject

LOADER = "from spdl.pipeline import PipelineBuilder\nloader = PipelineBuilder().add_source(src).add_sink(2).build()\n"


class IterableCases(unittest.TestCase):
    def asked(self, text):
        small = SmallProject(f"{LOADER}{text}\n")
        return small, Iterables(small.flow, Streams(small.flow))

    def test_lies_under_what_passes_batches_on(self):
        small, iterables = self.asked("import tqdm\nbatches = enumerate(tqdm.tqdm(loader))")
        inner = iterables.innermost(small.expression("batches"), small.frame)
        self.assertEqual(ast.unparse(inner), "loader")

    def test_is_a_call_of_the_project_where_that_yields_batches(self):
        small, iterables = self.asked("def each(it):\n    yield from it\nbatches = enumerate(each(loader))")
        inner = iterables.innermost(small.expression("batches"), small.frame)
        self.assertEqual(ast.unparse(inner), "each(loader)")

    def test_is_made_where_a_name_was_given_it(self):
        small, iterables = self.asked("first = iter(loader)\nother = first\nasked = other")
        makers = iterables.makers(small.expression("asked"), small.frame)
        self.assertEqual([ast.unparse(node) for node, _ in makers], ["iter(loader)"])

    def test_is_made_where_a_caller_or_a_method_gives_it(self):
        small, iterables = self.asked("def fit(it):\n    asked = it\nfit(iter(loader))")
        function = small.values("fit")[0].node
        inner = small.flow.frames.at(small.main, function.body[0])
        makers = iterables.makers(function.body[0].value, inner)
        self.assertEqual([ast.unparse(node) for node, _ in makers], ["iter(loader)"])
