import os
import unittest

from pipeline_source.values.values import Literal
from small_project import SmallProject


class LibraryNumberCases(unittest.TestCase):
    def test_are_worked_out(self):
        for text, value in (("min(4, 9)", 4), ("int('8')", 8), ("bool(0)", False), ("len([1, 2])", None)):
            known = SmallProject(f"import os\nresult = {text}\n").known("result")
            self.assertEqual(known, [] if value is None else [value], text)
        self.assertEqual(SmallProject("import os\nresult = os.cpu_count()\n").known("result"), [os.cpu_count()])

    def test_keep_their_home_where_a_conversion_changes_nothing(self):
        self.assertIsInstance(SmallProject("result = int(8)\n").values("result")[0], Literal)

    def test_of_the_environment_are_the_commands_or_the_default(self):
        code = "import os\nresult = int(os.environ.get('N', 3))\n"
        self.assertEqual(SmallProject(code).known("result"), [3])
        self.assertEqual(SmallProject(code, None, "N=5 python main.py").known("result"), [5])
