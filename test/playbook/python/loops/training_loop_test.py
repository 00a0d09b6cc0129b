import unittest

from pipeline_source.analysis import Analysis
from small_project import SmallProject

LOADER = "from spdl.pipeline import PipelineBuilder\nloader = PipelineBuilder().add_source(src).add_sink(2).build()\n"


class TrainingLoopCases(unittest.TestCase):
    def analysed(self, text):
        small = SmallProject(f"{LOADER}{text}\n")
        return Analysis(small.folder, "main.py", "python main.py")

    def test_is_the_one_that_trains(self):
        analysis = self.analysed("for b in loader:\n    print(b)\nfor b in loader:\n    loss = model(b)\n    loss.backward()")
        self.assertEqual(analysis.loop.node.lineno, 5)

    def test_is_chosen_by_its_name_where_no_pipeline_was_followed(self):
        analysis = self.analysed("for b in train_loader:\n    loss.backward()")
        self.assertIn("chosen by its name", " ".join(analysis.problems))
        self.assertEqual(analysis.loop.node.lineno, 3)

    def test_is_none_where_only_evaluation_was_followed(self):
        analysis = self.analysed("def validate():\n    for b in loader: ...\nvalidate()\nloss.backward()")
        self.assertIsNone(analysis.loop)
        self.assertIn("only an evaluation loop could be followed (main.py:4)", analysis.loop_problem)

    def test_is_none_where_its_body_takes_more(self):
        analysis = self.analysed("for b in loader:\n    more = next(loader)")
        self.assertIsNone(analysis.loop)
        self.assertIn("(line 4)", analysis.loop_problem)
