import unittest

from small_project import SmallProject


class ReturnCases(unittest.TestCase):
    def test_leave_out_statements_that_do_not_run(self):
        code = "def f(fast):\n    if fast:\n        return 8\n    return 2\n"
        self.assertEqual(SmallProject(code + "result = f(True)\n").known("result")[0], 8)
        self.assertEqual(SmallProject(code + "result = f(False)\n").known("result"), [2])

    def test_are_none_where_nothing_is_returned(self):
        self.assertEqual(SmallProject("def f(): ...\nresult = f()\n").known("result"), [None])

    def test_with_binds_what_is_yielded_or_entered(self):
        code = "from contextlib import contextmanager\n@contextmanager\ndef f():\n    yield 4\n"
        self.assertEqual(SmallProject(code + "with f() as result: ...\n").known("result"), [4])
        code = "class A:\n    def __enter__(self):\n        return 5\n"
        self.assertEqual(SmallProject(code + "with A() as result: ...\n").known("result"), [5])
