import unittest

from pipeline_source.values.values import DictOf, Flag
from small_project import SmallProject


class OverrideCases(unittest.TestCase):
    def setUp(self):
        self.small = SmallProject("a = 1\n", None, "python main.py loader.workers=8 loader.name=web")
        self.overrides = self.small.flow.overrides

    def test_are_what_the_command_gives_a_key(self):
        given = self.overrides.given("loader.workers")
        self.assertIsInstance(given, Flag)
        self.assertEqual(given.value, 8)
        self.assertIs(self.overrides.given("loader.workers"), given)
        self.assertEqual(self.overrides.given("loader.name").value, "web")
        self.assertIsNone(self.overrides.given("loader.batch"))

    def test_replace_what_stands_there_and_note_it(self):
        own = self.small.values("a")
        self.assertEqual(self.overrides.laid_on("loader.workers", own)[0].value, 8)
        self.assertIn(id(own[0].node), self.small.flow.overridden.homes)

    def test_reach_into_a_display_whose_path_is_known(self):
        display = DictOf([], [], self.small.frame)
        self.assertEqual(self.overrides.laid_on("loader", [display]), [display])
        self.assertEqual(self.overrides.entry(display, "workers", [])[0].value, 8)
