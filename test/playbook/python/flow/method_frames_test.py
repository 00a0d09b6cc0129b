import unittest

from small_project import SmallProject

CODE = """
class Base:
    def __init__(self, workers):
        self.workers = workers
class Loader(Base):
    def __init__(self, n):
        super().__init__(n * 2)
    def run(self): ...
loader = Loader(4)
"""


class MethodFrameCases(unittest.TestCase):
    def test_follow_the_call_that_made_the_instance_up_to_its_base(self):
        small = SmallProject(CODE)
        (loader,) = small.values("loader")
        own, base = small.flow.classes.mro(loader.cls)
        frame = small.flow.method_frames.of(loader, own, own.node.body[0])
        self.assertEqual(frame.args["n"][0].value, 4)
        above = small.flow.method_frames.of(loader, base, base.node.body[0])
        self.assertEqual(small.flow.number(*above.args["workers"]), 8)
        self.assertIsNone(small.flow.method_frames.of(loader, own, own.node.body[1]).args)
