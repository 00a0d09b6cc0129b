import sys
import unittest
from pathlib import Path

from spdl.pipeline import PipelineBuilder, build_pipeline

BLOCK = (Path(sys.path[1]) / "inlined" / "continued.py").read_text("utf-8")


def double(item):
    return item * 2


class ContinuedCases(unittest.TestCase):
    def setUp(self):
        names = {"__name__": "__main__"}
        exec(BLOCK, names)
        self.continued = names["_autoresearch_continued"]
        self.built = 0

    def build(self, config, **options):
        self.built += 1
        return build_pipeline(config, **options)

    def epoch(self, source, op=double, drop_last=False):
        builder = PipelineBuilder().add_source(source).pipe(op, output_order="input")
        builder.aggregate(3, drop_last=drop_last).add_sink(2)
        return self.continued(builder.get_config(), make=self.build, num_threads=2)

    def items(self, pipeline, limit=100):
        found = []
        with pipeline.auto_stop():
            for batch in pipeline:
                found += batch
                if len(found) >= limit:
                    break
        return found

    def test_builds_one_pipeline_for_epochs_that_are_alike(self):
        expected = [double(item) for item in range(10)]
        self.assertEqual([self.items(self.epoch(range(10))) for _ in range(4)], [expected] * 4)
        self.assertEqual(self.built, 1)

    def test_drops_what_fills_no_batch_in_each_epoch(self):
        epochs = [self.items(self.epoch(list(range(10)), drop_last=True)) for _ in range(3)]
        self.assertEqual(epochs, [[double(item) for item in range(9)]] * 3)
        self.assertEqual(self.built, 1)

    def test_builds_anew_where_the_source_is_another(self):
        files = [3, 1, 2]
        self.assertEqual(self.items(self.epoch(files)), [6, 2, 4])
        files.sort()
        self.assertEqual(self.items(self.epoch(files)), [2, 4, 6])
        self.assertEqual(self.items(self.epoch([5])), [10])
        self.assertEqual(self.built, 3)

    def test_builds_anew_where_a_stage_is_another(self):
        for factor in (1, 2, 2):
            self.assertEqual(self.items(self.epoch([1, 2], lambda item: item * factor)), [factor, 2 * factor])
        self.assertEqual(self.built, 2)

    def test_leaves_nothing_of_an_epoch_for_the_next_one(self):
        self.assertEqual(self.items(self.epoch(range(9)), limit=3), [0, 2, 4])
        self.assertEqual(self.items(self.epoch(range(9))), [double(item) for item in range(9)])
        self.assertEqual(self.built, 2)

    def test_leaves_a_source_that_gives_its_items_once(self):
        self.assertEqual(self.items(self.epoch(iter([1, 2]))), [2, 4])
        self.assertEqual(self.items(self.epoch(item for item in [1, 2])), [2, 4])
        self.assertEqual(self.built, 2)

    def test_builds_a_second_pipeline_while_the_first_is_taken_from(self):
        first, second = [], []
        for _ in range(2):
            for pipeline, found in [(self.epoch(range(6)), first)]:
                with pipeline.auto_stop():
                    for batch in pipeline:
                        found += batch
                        inner = self.items(self.epoch(range(6)))
                        second.append(inner)
        self.assertEqual(first, [double(item) for item in range(6)] * 2)
        self.assertEqual(second, [[double(item) for item in range(6)]] * 4)

    def test_is_over_after_one_epoch(self):
        pipeline = self.epoch(range(2))
        self.assertEqual(self.items(pipeline), [0, 2])
        self.assertEqual(list(pipeline), [])
        with self.assertRaises(EOFError):
            pipeline.get_item(timeout=1)
