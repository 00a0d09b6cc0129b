import json
import os
import unittest

from pipeline_source import analysis

TESTS = os.path.join(os.path.dirname(os.path.abspath(__file__)), os.pardir, os.pardir)


class VideoCases(unittest.TestCase):
    def test_are_those_of_the_table(self):
        with open(os.path.join(TESTS, "fixtures", "video-words.json"), encoding="utf-8") as file:
            words = json.load(file)
        self.assertEqual([w for w in words["decodes video"] if not analysis._VIDEO.search(w)], [])
        self.assertEqual([w for w in words["decodes none"] if analysis._VIDEO.search(w)], [])
