import unittest

from pipeline_source.analysis import Analysis
from pipeline_source.stages.repeatable import why_not_repeatable
from small_project import SmallProject

MAIN = """
from spdl.pipeline import PipelineBuilder

import stages

for epoch in range(2):
    CHANGE
    pipeline = PipelineBuilder().add_source(range(4)).pipe(stages.scale).add_sink(2).build(num_threads=1)
    with pipeline.auto_stop():
        for item in pipeline:
            print(item)
"""
STAGES = """
FACTOR = 2


def scale(item):
    return item * FACTOR
"""


def reason(change: str) -> str | None:
    project = SmallProject(MAIN.replace("CHANGE", change), {"stages.py": STAGES})
    analysis = Analysis(project.folder, "main.py", "python main.py")
    stage = next(s for f in analysis.found for s in f.stages if s.kind == "pipe")
    return why_not_repeatable(analysis, stage)


class RepeatableCases(unittest.TestCase):
    def test_takes_a_constant_of_a_module_for_one(self):
        self.assertIsNone(reason("pass"))
        self.assertIsNone(reason("print(stages.FACTOR)"))

    def test_sees_that_another_file_sets_it(self):
        self.assertEqual(reason("stages.FACTOR = epoch"), "scale reads FACTOR, which changes")

    def test_leaves_what_is_called_alike_elsewhere(self):
        self.assertIsNone(reason("print.FACTOR = epoch"))
