"""What a module of a library is to a reader: the names that it binds, and whether more could be there."""

import ast
import collections

FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
DEFINITIONS = FUNCTIONS + (ast.ClassDef,)


class Definition:
    """A class or a function, with the module in whose names its annotations and bases are written."""

    def __init__(self, module, node, others):
        self.module = module
        self.node = node
        # Overloads and definitions of the same name in other branches.
        self.others = others

    @property
    def is_class(self):
        return isinstance(self.node, ast.ClassDef)

    @property
    def dotted(self):
        return "%s.%s" % (self.module.dotted, self.node.name)


class Undecided(LookupError):
    """Reading does not find the name, and does not show all names that are there."""


class Import(collections.namedtuple("Import", "module name")):
    """What `from module import name` binds; the module itself where `name` is None."""


class Module:
    def __init__(self, dotted, folders, files, is_opaque=False):
        self.dotted = dotted
        # Where its submodules lie; none in a module that is no package.
        self.folders = folders
        self.files = files
        self.is_open = is_opaque
        # Name -> Definition, Import, or None for what reading does not follow.
        self.names = {}
        self.stars = []
        self.exported = None
        self.doc = ""
        # Every text that stands in it: what its functions may take by name from a dict.
        self.texts = set()
