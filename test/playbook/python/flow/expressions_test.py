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

    def test_are_the_entries_of_a_mapping_that_is_made_element_by_element(self):
        head = (
            "import yaml\nfrom dataclasses import dataclass, fields, replace\n"
            "@dataclass\nclass C:\n    n: int = 8\n    m: int = 9\n"
            "raw = yaml.safe_load(open('c.yaml'))\n"
        )
        for text, value in (
            ("replace(C(), **{f.name: raw[f.name] for f in fields(C) if f.name in raw}).n", 3),
            ("replace(C(), **{f.name: raw[f.name] for f in fields(C) if f.name in raw}).m", 9),
            ("C(**{f.name: raw.get(f.name, f.default) for f in fields(C)}).n", 3),
            ("C(**{f.name: raw.get(f.name, f.default) for f in fields(C)}).m", 9),
            ("{k.upper(): v for k, v in raw.items()}['N']", 3),
            ("{k: raw[k] for k in ('n', 'x')}['n']", 3),
            ("{k: 2 * i for i, k in enumerate(['a', 'b'])}['b']", 2),
        ):
            with self.subTest(text):
                known = SmallProject(f"{head}result = {text}\n", {"c.yaml": "n: 3\nx: 5\n"}).known("result")
                self.assertEqual(known, [value])

    def test_are_the_elements_that_a_comprehension_makes(self):
        for text, value in (
            ("[2 * n for n in (3, 4)][1]", 8),
            ("tuple(n for n in [3, 4, 5] if n != 3)[0]", 4),
            ("list(f'{k}{i}' for i, k in enumerate(['a', 'b']))[1]", "b1"),
        ):
            with self.subTest(text):
                self.assertEqual(SmallProject(f"result = {text}\n").known("result"), [value])

    def test_are_unknown_where_the_elements_of_a_comprehension_are_not_known(self):
        self.assertEqual(SmallProject("result = [n for n in unknown()]\n").kinds("result"), ["Unknown"])
