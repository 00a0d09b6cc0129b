import ast
import unittest

from small_project import SmallProject

CODE = """
FAST = True
if FAST:
    workers = 8
else:
    workers = 2
try:
    import json
except ImportError:
    workers = 3
"""


class BranchCases(unittest.TestCase):
    def test_tells_the_branch_that_runs(self):
        small = SmallProject(CODE)
        stores = {n.value.value: n for n in ast.walk(small.main.tree) if isinstance(n, ast.Assign)}
        live = {value: small.flow.branches.is_live(node, small.frame) for value, node in stores.items()}
        self.assertEqual(live, {True: True, 8: True, 2: False, 3: False})

    def test_knows_two_branches_of_one_condition(self):
        small = SmallProject("if unknown():\n    a = 1\nelse:\n    a = 2\nb = 3\n")
        one, two = (b.node for b in small.main.scope.bindings["a"])
        three = small.main.scope.bindings["b"][0].node
        self.assertTrue(small.flow.branches.excludes(one, two, small.main))
        self.assertFalse(small.flow.branches.excludes(one, three, small.main))
