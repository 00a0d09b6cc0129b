import ast
import unittest

from pipeline_source.flow.evaluator import MAX_CANDIDATES, Evaluator
from pipeline_source.values.made import Made
from pipeline_source.values.values import Concrete, Unknown


def evaluator(reader, time_limit_s=10.0):
    made = Evaluator(None, Made(), time_limit_s)
    made.connect({ast.Name: lambda node, frame: reader(made, node, frame)}, None, None, None)
    return made


class EvaluatorCases(unittest.TestCase):
    def test_asks_once_for_an_expression_in_a_frame(self):
        asked = []
        following = evaluator(lambda own, node, frame: asked.append(node.id) or [Concrete(1)])
        node, frame = ast.Name("a"), object()
        self.assertIs(following.evaluate(node, frame), following.evaluate(node, frame))
        following.evaluate(node, object())
        self.assertEqual(asked, ["a", "a"])
        following.forget()
        following.evaluate(node, frame)
        self.assertEqual(asked, ["a", "a", "a"])

    def test_ends_recursion_and_does_not_remember_what_it_cut(self):
        asked = []
        following = evaluator(lambda own, node, frame: asked.append(1) or own.evaluate(node, frame))
        node, frame = ast.Name("a"), object()
        self.assertEqual([v.reason for v in following.evaluate(node, frame)], ["recursion"])
        following.evaluate(node, frame)
        self.assertEqual(len(asked), 2)

    def test_is_unknown_for_what_nobody_reads(self):
        self.assertEqual(evaluator(None).evaluate(ast.Set([]), object())[0].reason, "Set")

    def test_gives_up_when_its_time_is_over(self):
        following = evaluator(lambda own, node, frame: [Concrete(1)], time_limit_s=-1)
        for _ in range(600):
            last = following.evaluate(ast.Name("a"), object())
        self.assertTrue(following.gave_up)
        self.assertIsInstance(last[0], Unknown)

    def test_keeps_no_more_candidates_than_can_matter(self):
        following = evaluator(lambda own, node, frame: [Concrete(n) for n in range(100)])
        self.assertEqual(len(following.evaluate(ast.Name("a"), object())), MAX_CANDIDATES)

    def test_answers_no_question_inside_itself(self):
        following = evaluator(None)
        inner = following.unless_asked(("q",), lambda: following.unless_asked(("q",), lambda: [Concrete(1)]))
        self.assertIsInstance(inner[0], Unknown)
        self.assertFalse(following.is_asked(("q",)))

    def test_knows_a_truth_only_where_all_candidates_agree(self):
        for values, truth in (([1, 2], True), ([0, ""], False), ([0, 1], None)):
            following = evaluator(lambda own, node, frame, values=values: [Concrete(v) for v in values])
            self.assertIs(following.truth(ast.Name("a"), object()), truth)
