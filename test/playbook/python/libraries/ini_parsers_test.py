import unittest

from small_project import SmallProject

CONF = "[DEFAULT]\nbatch = 4\n[loader]\nThreads = 2\nbuffer: 8 ; ahead\nname = 3 of them\n"
HEAD = "import configparser\nconfig = configparser.ConfigParser()\nconfig.read('conf.ini')\n"


class IniParserCases(unittest.TestCase):
    def follow(self, text, head=HEAD, **files):
        small = SmallProject(f"{head}result = {text}\n", {"conf.ini": CONF, **files})
        return [(v.value, getattr(v, "pointer", None)) for v in small.values("result")]

    def test_give_what_stands_in_the_file_by_each_way_to_ask(self):
        for asked in (
            "config['loader']['threads']",
            "int(config['loader']['THREADS'])",
            "config['loader'].getint('threads', 1)",
            "config['loader'].getint('threads', fallback=1)",
            "config.getint('loader', 'threads')",
            "int(config.get('loader', 'Threads', fallback='1'))",
            "int(dict(config.items('loader'))['threads'])",
            "int(dict(config['loader'])['threads'])",
        ):
            with self.subTest(asked):
                self.assertEqual(self.follow(asked), [(2, "/loader/threads")])

    def test_fall_back_where_nothing_stands(self):
        self.assertEqual(self.follow("config.getint('loader', 'ahead', fallback=5)")[0][0], 5)
        self.assertEqual(self.follow("config['loader'].getint('ahead', 5)")[0][0], 5)

    def test_read_in_each_way(self):
        parser = "import configparser, pathlib\nconfig = configparser.RawConfigParser()\n"
        for read in (
            "config.read(['none.ini', 'conf.ini'])",
            "config.read_file(open('conf.ini'))",
            "with open('conf.ini') as f:\n    config.read_file(f)",
            "config.read_string(pathlib.Path('conf.ini').read_text())",
            "def fill(into, path):\n    into.read(path)\nfill(config, 'conf.ini')",
        ):
            with self.subTest(read):
                head = f"{parser}{read}\n"
                self.assertEqual(self.follow("config.getint('loader', 'threads')", head), [(2, "/loader/threads")])

    def test_take_the_later_of_two_files(self):
        files = {"local.cfg": "[loader]\nthreads = 6\n"}
        head = HEAD + "config.read('local.cfg')\n"
        self.assertEqual(self.follow("config.getint('loader', 'threads')", head, **files)[0][0], 6)
        self.assertEqual(self.follow("config.getint('loader', 'buffer')", head, **files)[0][0], 8)
