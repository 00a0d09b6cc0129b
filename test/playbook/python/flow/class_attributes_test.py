import unittest

from small_project import SmallProject

CODE = """
from dataclasses import dataclass, field
@dataclass
class A:
    workers: int = field(default=4)
    sizes: list = field(default_factory=list)
    def run(self): ...
    @classmethod
    def make(cls): ...
    @staticmethod
    def plain(): ...
    @property
    def double(self):
        return 8
"""


class ClassAttributeCases(unittest.TestCase):
    def test_are_bound_by_how_they_are_declared(self):
        for text, kind in (
            ("A.run", "Function"),
            ("A().run", "Method"),
            ("A.make", "Method"),
            ("A().plain", "Function"),
        ):
            self.assertEqual(SmallProject(f"{CODE}result = {text}\n").kinds("result"), [kind], text)

    def test_of_a_property_is_what_it_returns(self):
        self.assertEqual(SmallProject(f"{CODE}result = A().double\n").known("result"), [8])

    def test_of_a_field_is_its_default(self):
        self.assertEqual(SmallProject(f"{CODE}result = A.workers\n").known("result"), [4])
