import unittest

from pipeline_source.values.made import Made


class MadeCases(unittest.TestCase):
    def test_gives_the_same_object_for_a_key(self):
        made = Made()
        first = made.once(("a",), lambda: [1])
        self.assertIs(first, made.once(("a",), lambda: [2]))
        self.assertEqual(made.once(("b",), lambda: [2]), [2])
