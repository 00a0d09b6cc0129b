import unittest

from small_project import SmallProject

FILES = {"conf/base.py": "workers = 2\nbatch = 32\n", "conf/web.py": "_base_ = 'base.py'\nworkers = 4\n"}
OPEN_MMLAB = "from mmengine import Config\ncfg = Config.fromfile('conf/web.py')\nresult = cfg.{}\n"


class PythonConfigCases(unittest.TestCase):
    def test_are_read_with_their_bases(self):
        self.assertEqual(SmallProject(OPEN_MMLAB.format("workers"), FILES).known("result"), [4])
        self.assertEqual(SmallProject(OPEN_MMLAB.format("batch"), FILES).known("result"), [32])

    def test_give_way_to_the_command(self):
        small = SmallProject(OPEN_MMLAB.format("workers"), FILES, "python main.py workers=8")
        self.assertEqual(small.known("result"), [8])

    def test_are_modules_where_they_are_imported_by_a_text(self):
        code = "import runpy, importlib\na = runpy.run_path('conf/base.py')['workers']\n"
        self.assertEqual(SmallProject(code, FILES).known("a"), [2])
        small = SmallProject("import importlib\nresult = importlib.import_module('conf.base').batch\n", FILES)
        self.assertEqual(small.known("result"), [32])
