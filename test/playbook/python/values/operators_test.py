import ast
import unittest

from pipeline_source.values.operators import join_path, operate
from pipeline_source.values.values import UNKNOWN_NUMBER, Computed, Unknown


class OperatorCases(unittest.TestCase):
    def test_works_out_what_is_known(self):
        (value,) = operate(None, ast.FloorDiv, 17, 4, None)
        self.assertIsInstance(value, Computed)
        self.assertEqual(value.value, 4)

    def test_is_unknown_where_a_side_is_or_python_would_raise(self):
        for operator, left, right in (
            (ast.Div, 1, 0),
            (ast.Add, UNKNOWN_NUMBER, 1),
            (ast.Add, "a", 1),
            (ast.MatMult, 2, 3),
        ):
            self.assertIsInstance(operate(None, operator, left, right, None)[0], Unknown)

    def test_joins_paths_as_pathlib_does(self):
        self.assertEqual(join_path("conf/", "a.yaml"), "conf/a.yaml")
        self.assertEqual(join_path("conf", "/etc/a.yaml"), "/etc/a.yaml")
