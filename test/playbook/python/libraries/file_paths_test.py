import unittest

from small_project import SmallProject


class FilePathCases(unittest.TestCase):
    def test_join_as_os_path_and_pathlib_do(self):
        code = "import os\nfrom pathlib import Path\n"
        for text, path in (
            ("os.path.join('a', 'b', '..', 'c.yaml')", "a/c.yaml"),
            ("str(Path('a', 'b'))", "a/b"),
            ("Path('a') / 'c.yaml'", "a/c.yaml"),
            ("Path('a/b.txt').with_suffix('.yaml')", "a/b.yaml"),
            ("Path('a/b').parent", "a"),
        ):
            self.assertEqual(SmallProject(f"{code}result = {text}\n").known("result"), [path], text)

    def test_lead_to_files_of_the_source(self):
        small = SmallProject("a = open('c.yaml')\nb = open('missing.yaml')\n", {"c.yaml": "n: 1\n"})
        self.assertEqual([small.kinds(n)[0] for n in "ab"], ["FileRef", "ExternalCall"])
