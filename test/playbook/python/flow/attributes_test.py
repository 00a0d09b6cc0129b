import unittest

from small_project import SmallProject


class AttributeCases(unittest.TestCase):
    def test_of_modules_are_their_names_and_modules_inside_them(self):
        files = {"conf/__init__.py": "", "conf/base.py": "N = 3\n"}
        small = SmallProject("import conf.base\nresult = conf.base.N\n", files)
        self.assertEqual(small.known("result"), [3])

    def test_of_what_a_library_has_are_dotted_names(self):
        self.assertEqual(
            SmallProject("import torch\nresult = torch.nn.Module\n").values("result")[0].name, "torch.nn.Module"
        )

    def test_of_a_mapping_are_its_keys_but_not_its_methods(self):
        code = "from types import SimpleNamespace\ncfg = SimpleNamespace(n=4, get=1)\n"
        self.assertEqual(SmallProject(f"{code}result = cfg.n\n").known("result"), [4])
        self.assertEqual(SmallProject(f"{code}result = cfg.get\n").kinds("result"), ["Attribute"])

    def test_of_a_path_are_its_parts(self):
        code = "from pathlib import Path\nresult = Path('a/b.yaml')"
        self.assertEqual(SmallProject(f"{code}.stem\n").known("result"), ["b"])
