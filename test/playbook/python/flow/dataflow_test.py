import ast
import builtins
import os
import unittest

import pipeline_source.flow.dataflow as dataflow

ROOMS = os.path.dirname(os.path.dirname(os.path.abspath(dataflow.__file__)))
MOST_FILES = 25


def classes_of(room):
    for file in sorted(os.listdir(os.path.join(ROOMS, room))):
        if file.endswith(".py"):
            with open(os.path.join(ROOMS, room, file), encoding="utf-8") as source:
                yield from ((file, n) for n in ast.parse(source.read()).body if isinstance(n, ast.ClassDef))


class FlowCases(unittest.TestCase):
    def test_parts_inherit_from_no_other_and_reach_nothing_that_they_do_not_define(self):
        for room in ("flow", "libraries", "stages", "knobs"):
            for file, cls in classes_of(room):
                where = f"{room}/{file}: {cls.name}"
                bases = [ast.unparse(b) for b in cls.bases]
                self.assertEqual([b for b in bases if not hasattr(builtins, b)], [], where)
                of_self = [
                    n
                    for n in ast.walk(cls)
                    if isinstance(n, ast.Attribute) and isinstance(n.value, ast.Name) and n.value.id == "self"
                ]
                defined = {n.name for n in cls.body if isinstance(n, ast.FunctionDef)}
                defined |= {n.target.id for n in cls.body if isinstance(n, ast.AnnAssign)}
                defined |= {n.attr for n in of_self if isinstance(n.ctx, ast.Store)}
                self.assertEqual({n.attr for n in of_self} - defined, set(), where)

    def test_no_room_holds_more_files_than_one_can_look_over(self):
        for room in [ROOMS, *[e.path for e in os.scandir(ROOMS) if e.is_dir()]]:
            self.assertLessEqual(len([f for f in os.listdir(room) if f.endswith(".py")]), MOST_FILES, room)
