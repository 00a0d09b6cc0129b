import ast
import unittest

from pipeline_source.flow.overlays import overlays_of
from small_project import SmallProject


class OverlayCases(unittest.TestCase):
    def found(self, text):
        return [(ast.unparse(o.target), ast.unparse(o.source), o.when) for o in overlays_of([SmallProject(text).main])]

    def test_are_found_by_how_they_are_written(self):
        self.assertEqual(self.found("vars(args).update(cfg)\n"), [("vars(args)", "cfg", "always")])
        loop = "for k, v in cfg.items():\n    {}setattr(args, k, v)\n"
        self.assertEqual(self.found(loop.format("")), [("args", "cfg", "always")])

    def test_say_when_a_condition_holds_them_back(self):
        loop = "for k, v in cfg.items():\n    if getattr(args, k) is None:\n        setattr(args, k, v)\n"
        self.assertEqual(self.found(loop), [("args", "cfg", "absent")])
