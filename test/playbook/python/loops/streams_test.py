import unittest

from pipeline_source.loops.streams import Streams
from small_project import SmallProject

LOADER = "from spdl.pipeline import PipelineBuilder\nloader = PipelineBuilder().add_source(src).add_sink(2).build()\n"


class StreamCases(unittest.TestCase):
    def pipelines(self, text):
        small = SmallProject(f"{LOADER}{text}\n")
        return len(Streams(small.flow).of(small.expression("batches"), small.frame))

    def test_come_through_wrappers_and_generators(self):
        self.assertEqual(self.pipelines("batches = enumerate(loader)"), 1)
        self.assertEqual(self.pipelines("def each(it):\n    for x in it:\n        yield x\nbatches = each(loader)"), 1)

    def test_come_through_objects_that_iterate(self):
        text = "class Feed:\n    def __init__(self, it):\n        self.it = it\n    def __iter__(self):\n        return iter(self.it)\n"
        self.assertEqual(self.pipelines(f"{text}batches = Feed(loader)"), 1)

    def test_do_not_come_from_what_only_looks_at_it(self):
        self.assertEqual(self.pipelines("batches = repr(loader)"), 0)
        self.assertEqual(self.pipelines("batches = load()"), 0)
