import unittest

from small_project import SmallProject


class LibraryCallCases(unittest.TestCase):
    def test_that_copy_or_wrap_stand_for_what_they_were_given(self):
        code = "import copy\nfrom types import SimpleNamespace\n"
        for text in (
            "copy.deepcopy({'n': 4})['n']",
            "dict(n=4)['n']",
            "SimpleNamespace(n=4).n",
            "getattr(dict(n=4), 'n')",
        ):
            self.assertEqual(SmallProject(f"{code}result = {text}\n").known("result"), [4], text)

    def test_that_read_a_file_give_its_root(self):
        code = "import json\nresult = json.load(open('c.json'))['n']\n"
        self.assertEqual(SmallProject(code, {"c.json": '{"n": 4}'}).known("result"), [4])

    def test_that_merge_give_the_last_of_their_parts(self):
        code = "from omegaconf import OmegaConf\nresult = OmegaConf.merge({'n': 1, 'm': 3}, {'n': 2})"
        self.assertEqual(SmallProject(f"{code}['n']\n").known("result"), [2])
        self.assertEqual(SmallProject(f"{code}['m']\n").known("result"), [3])

    def test_of_which_nothing_is_known_stay_calls(self):
        self.assertEqual(SmallProject("import torch\nresult = torch.load('m.pt')\n").kinds("result"), ["ExternalCall"])
