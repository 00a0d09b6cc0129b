import unittest

from small_project import SmallProject

BY_DECORATOR = """
R = {}
def register(name):
    def inner(cls):
        R[name] = cls
        return cls
    return inner
@register("web")
class Web: ...
"""
BY_SUBCLASS = """
R = {}
class Base:
    def __init_subclass__(cls, key):
        R[key] = cls
class A(Base, key="a"): ...
"""
OF_A_LIBRARY = """
from mmengine import Registry
DATASETS = Registry("datasets")
@DATASETS.register_module()
class Web: ...
"""


class RegistrationCases(unittest.TestCase):
    def keys(self, text):
        return [(r.key, r.item.node.name) for r in SmallProject(text).flow.registries.registrations]

    def test_are_found_in_decorators_of_the_project(self):
        self.assertEqual(self.keys(BY_DECORATOR), [("web", "Web")])

    def test_are_found_in_stores_and_in_init_subclass(self):
        self.assertEqual(self.keys("class A: ...\nR = {}\nR['a'] = A\n"), [("a", "A")])
        self.assertEqual(self.keys(BY_SUBCLASS), [("a", "A")])

    def test_of_a_library_are_known_by_what_its_methods_are_called(self):
        self.assertEqual(self.keys(OF_A_LIBRARY), [("Web", "Web")])
