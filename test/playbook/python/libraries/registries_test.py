import unittest

from small_project import SmallProject

CODE = """
from mmengine import Registry
LOADERS = Registry("loaders")
@LOADERS.register_module()
class Web:
    def __init__(self, workers=2):
        self.workers = workers
loader = LOADERS.build({})
result = loader.workers
"""


class RegistryCases(unittest.TestCase):
    def test_make_what_the_type_names_with_the_rest(self):
        self.assertEqual(SmallProject(CODE.format("{'type': 'Web', 'workers': 6}")).known("result"), [6])

    def test_make_nothing_of_a_name_that_is_not_registered(self):
        self.assertEqual(SmallProject(CODE.format("{'type': 'Other'}")).known("result"), [])

    def test_hold_what_was_stored_under_a_key(self):
        small = SmallProject("class A: ...\nR = {}\nR['a'] = A\nresult = R['a']\n")
        self.assertEqual(small.values("result")[0].node.name, "A")
