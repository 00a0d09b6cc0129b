import unittest

from small_project import SmallProject

CODE = "from hydra.utils import instantiate\nresult = instantiate({}).workers\n"
FILES = {"loaders.py": "class Web:\n    def __init__(self, workers=2):\n        self.workers = workers\n"}


class HydraTargetCases(unittest.TestCase):
    def test_make_the_class_that_the_target_names(self):
        text = "import loaders\n" + CODE.format("{'_target_': 'loaders.Web', 'workers': 6}")
        self.assertEqual(SmallProject(text, FILES).known("result"), [6])

    def test_make_nothing_of_a_target_outside_the_project(self):
        self.assertEqual(
            SmallProject(CODE.format("{'_target_': 'torch.Web', 'workers': 6}"), FILES).known("result"), []
        )
