import unittest

from small_project import SmallProject


class CallerCases(unittest.TestCase):
    def test_are_calls_that_mean_the_function_and_no_other_of_its_name(self):
        small = SmallProject(
            "import other\ndef make(n): ...\na = make(1)\nb = other.make(2)\n", {"other.py": "def make(n): ...\n"}
        )
        (make,) = small.values("make")
        self.assertEqual([call for call, _, _ in small.flow.callers.of(make)], [small.expression("a")])

    def test_of_a_constructor_are_calls_of_the_class_and_of_its_children(self):
        small = SmallProject("class A:\n    def __init__(self, n): ...\nclass B(A): ...\na = A(1)\nb = B(2)\n")
        (cls,) = small.values("A")
        init = small.flow.classes.find_method(cls, "__init__")
        self.assertEqual([c.args[0].value for c, _, _ in small.flow.callers.of(init)], [1, 2])
