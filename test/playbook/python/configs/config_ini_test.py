import unittest

from pipeline_source.configs.config_files import ConfigRefused, read_config, set_leaf


class ConfigIniCases(unittest.TestCase):
    def read(self, text, path="a.ini"):
        return read_config(path, text)

    def test_knows_where_numbers_stand_and_changes_nothing_else(self):
        text = "; mine\r\n[loader]\r\nThreads\t= 2   ; two\r\nrate: 1.5\r\nname = 2 of them\r\n[a b]\r\nn=3"
        config = self.read(text)
        self.assertEqual(config.data["loader"], {"threads": 2, "rate": 1.5, "name": "2 of them"})
        self.assertEqual(set_leaf(config, "/loader/threads", 8), text.replace("= 2 ", "= 8 ", 1))
        self.assertEqual(set_leaf(config, "/a b/n", 8), text[:-1] + "8")
        self.assertNotIn("/loader/name", config.places)

    def test_leads_to_the_shared_section_and_not_past_an_own_key(self):
        config = self.read("[DEFAULT]\nn = 1\nm = 2\n[s]\nm = 3\n")
        self.assertEqual(config.data["s"], {"n": 1, "m": 3})
        self.assertEqual([config.home_of("/s/n"), config.home_of("/s/m")], ["/DEFAULT/n", "/s/m"])

    def test_takes_no_number_that_goes_on_in_the_next_line(self):
        config = self.read("[s]\nn = 1\n  2\nm = 4\n")
        self.assertEqual(list(config.places), ["/s/m"])

    def test_takes_the_last_of_a_key_that_comes_twice(self):
        config = self.read("[s]\nn = 1\n[s]\nn = 2\n")
        self.assertEqual(config.places["/s/n"].start, 18)

    def test_takes_a_mark_at_the_beginning(self):
        self.assertEqual(self.read("\ufeff[s]\nn = 1\n").data["s"], {"n": 1})

    def test_refuses_what_configparser_refuses(self):
        with self.assertRaises(ConfigRefused):
            self.read("n = 1\n", "setup.cfg")
