import unittest

from small_project import SmallProject


class CallCases(unittest.TestCase):
    def test_follow_functions_methods_lambdas_and_partials(self):
        for text in (
            "def f(n):\n    return n\nresult = f(4)",
            "class A:\n    def f(self, n):\n        return n\nresult = A().f(4)",
            "class A:\n    def __call__(self, n):\n        return n\nresult = A()(4)",
            "result = (lambda n: n)(4)",
            "from functools import partial\ndef f(a, n):\n    return n\nresult = partial(f, 1)(4)",
        ):
            self.assertEqual(SmallProject(f"{text}\n").known("result"), [4], text)

    def test_of_a_generator_is_one_and_of_a_class_an_instance(self):
        self.assertEqual(SmallProject("def f():\n    yield 1\nresult = f()\n").kinds("result"), ["Generator"])
        self.assertEqual(SmallProject("class A: ...\nresult = A()\n").kinds("result"), ["Instance"])

    def test_read_what_a_reader_of_the_projects_own_reads(self):
        code = (
            "def read(path):\n    found = {}\n    fill(found, open(path))\n    return found\n"
            "result = read('c.json')['n']\n"
        )
        self.assertEqual(SmallProject(code, {"c.json": '{"n": 3}'}).known("result"), [3])
