"""Finds what installed libraries offer, by `ast` alone: no library is imported, and none of its code runs.

What is not in a module that is not open is an error wherever it is used.
"""

import importlib.machinery
import os
import site
import sys

from .module_reader import read_module
from .modules import Import, Module, Undecided


class Libraries:
    """Modules by their dotted names, each read when it is first asked for."""

    def __init__(self):
        self.path = search_path()
        self.known = {}

    def module(self, dotted):
        """None where there is none."""
        if dotted not in self.known:
            self.known[dotted] = None
            self.known[dotted] = self._find(dotted)
            if self.known[dotted] is not None:
                read_module(self.known[dotted])
        return self.known[dotted]

    def _find(self, dotted):
        parent, _, name = dotted.rpartition(".")
        if parent == "":
            spec = importlib.machinery.PathFinder.find_spec(name, self.path)
            if spec is None:
                return None
            if spec.submodule_search_locations is not None:
                return self._in_folders(dotted, list(spec.submodule_search_locations))
            return self._of_file(dotted, spec.origin)
        above = self.module(parent)
        if above is None or above.folders is None:
            return None
        for folder in above.folders:
            path = os.path.join(folder, name)
            if os.path.isdir(path):
                return self._in_folders(dotted, [path])
            files = [path + end for end in (".py", ".pyi") if os.path.isfile(path + end)]
            if files:
                # A stub alone describes what comes into being in another way.
                return Module(dotted, None, files, is_opaque=not files[0].endswith(".py"))
            if any(os.path.isfile(path + end) for end in importlib.machinery.EXTENSION_SUFFIXES):
                return Module(dotted, None, [], is_opaque=True)
        return None

    def _in_folders(self, dotted, folders):
        paths = [os.path.join(folder, "__init__" + end) for folder in folders for end in (".py", ".pyi")]
        return Module(dotted, folders, [path for path in paths if os.path.isfile(path)])

    def _of_file(self, dotted, origin):
        if origin is None or not origin.endswith(".py"):
            return Module(dotted, None, [], is_opaque=True)
        return Module(dotted, None, [origin])

    def submodules(self, module):
        """Names of the modules right below, as they lie on the disk."""
        found = set()
        for folder in module.folders or ():
            for entry in os.listdir(folder):
                name = entry.split(".")[0]
                if name.isidentifier() and name != "__init__" and name != "__pycache__":
                    found.add(name)
        return found

    def attribute(self, module, name, seen=()):
        """Module, Definition, None for a value that is not followed; LookupError, or Undecided, where there is none."""
        if (module, name) in seen or len(seen) > 30:
            # A package that imports its own submodule from itself.
            return self.module("%s.%s" % (module.dotted, name))
        seen = seen + ((module, name),)
        if name in module.names:
            found = module.names[name]
            return self._imported(found, seen) if isinstance(found, Import) else found
        below = self.module("%s.%s" % (module.dotted, name))
        if below is not None:
            return below
        is_told = True
        for star in module.stars:
            source = self.module(star)
            if source is None:
                is_told = False
                continue
            if source.exported is not None and name not in source.exported:
                continue
            try:
                return self.attribute(source, name, seen)
            except LookupError:
                is_told = is_told and not self.is_open(source)
        if name.startswith("__") and name.endswith("__"):
            return None
        raise LookupError(name) if is_told and not module.is_open else Undecided(name)

    def _imported(self, found, seen):
        source = self.module(found.module)
        if source is None:
            return None
        if found.name is None:
            return source
        try:
            return self.attribute(source, found.name, seen)
        except LookupError:
            return None

    def is_open(self, module, seen=()):
        if module.is_open:
            return True
        if module in seen:
            return False
        stars = [self.module(star) for star in module.stars]
        return any(star is None or self.is_open(star, seen + (module,)) for star in stars)

    def public(self, module, seen=()):
        """Names that a user may take from it."""
        if module.exported is not None:
            return set(module.exported)
        names = {name for name in module.names if not name.startswith("_")}
        for star in module.stars:
            source = self.module(star)
            if source is not None and source not in seen:
                names |= self.public(source, seen + (module,))
        return names


def search_path():
    """Where the interpreter looks for libraries, a user's own included, which isolation leaves out; not beside us."""
    ours = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    path = [each for each in sys.path if os.path.abspath(each) != ours]
    is_environment = sys.prefix != sys.base_prefix
    return path if is_environment else path + [site.getusersitepackages()]
