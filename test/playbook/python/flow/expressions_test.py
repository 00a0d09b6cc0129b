import unittest

from small_project import SmallProject


class ExpressionCases(unittest.TestCase):
    def test_are_worked_out(self):
        for text, value in (
            ("2 * 3 + 1", 7),
            ("-4", -4),
            ("not 0", True),
            ("f'{2}/b'", "2/b"),
            ("8 if 1 < 2 else 2", 8),
            ("0 or 5", 5),
            ("(n := 6)", 6),
            ("None is None", True),
            ("{k: v for k, v in {'a': 3}.items()}['a']", 3),
            ("__name__", "__main__"),
        ):
            self.assertEqual(SmallProject(f"result = {text}\n").known("result"), [value], text)

    def test_are_all_candidates_where_a_condition_is_not_known(self):
        self.assertEqual(SmallProject("result = 8 if unknown() else 2\n").known("result"), [8, 2])

    def test_are_unknown_where_python_would_raise(self):
        self.assertEqual(SmallProject("result = 1 / 0\n").kinds("result"), ["Unknown"])
