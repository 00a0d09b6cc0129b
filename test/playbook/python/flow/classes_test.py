import unittest

from small_project import SmallProject

CODE = """
from dataclasses import dataclass
class Base:
    def load(self): ...
@dataclass
class Config(Base):
    workers: int = 4
    batch: int = 32
"""


class ClassCases(unittest.TestCase):
    def setUp(self):
        self.small = SmallProject(CODE)
        self.classes = self.small.flow.classes
        (self.config,) = self.small.values("Config")
        (self.base,) = self.small.values("Base")

    def test_finds_methods_in_bases(self):
        self.assertEqual([c.node.name for c in self.classes.mro(self.config)], ["Config", "Base"])
        self.assertEqual(self.classes.find_method(self.config, "load").node.name, "load")
        self.assertIsNone(self.classes.find_method(self.config, "save"))

    def test_reads_fields_of_records(self):
        self.assertTrue(self.classes.is_record(self.config))
        self.assertFalse(self.classes.is_record(self.base))
        self.assertEqual(list(self.classes.fields(self.config)), ["workers", "batch"])

    def test_knows_who_derives(self):
        self.assertEqual(self.classes.subclass_names(self.base), {"Config"})
