import unittest

from small_project import SmallProject

CODE = """
from dataclasses import dataclass, replace
@dataclass
class Config:
    batch: int
    workers: int = 4
class Loader:
    def __init__(self, config):
        self.pipeline = None
        self.size = config.batch
        self.pipeline = config.workers
"""


class InstanceAttributeCases(unittest.TestCase):
    def test_are_what_methods_assign(self):
        small = SmallProject(f"{CODE}loader = Loader(Config(32))\nresult = loader.size\nafter = loader.pipeline\n")
        self.assertEqual(small.known("result"), [32])
        self.assertEqual(small.known("after"), [4])

    def test_of_a_record_are_what_the_call_gives_and_the_default_has_no_effect(self):
        small = SmallProject(f"{CODE}config = Config(32, workers=8)\nresult = config.workers\n")
        self.assertEqual(small.known("result"), [8])
        (cls,) = small.values("Config")
        self.assertIn((id(cls.node), "workers"), small.flow.overridden.fields)

    def test_are_what_replace_gives(self):
        small = SmallProject(f"{CODE}config = replace(Config(32), workers=2)\nresult = config.workers\n")
        self.assertEqual(small.known("result"), [2])
