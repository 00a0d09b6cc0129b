"""Calls back once, right after a named module was imported for the first time in this process."""

import sys

from . import complaints


class _AfterImport:
    """A finder that finds nothing itself: it lets the others find the module and adds the call to its loader."""

    def __init__(self, name, callback):
        self._name = name
        self._callback = callback

    def find_spec(self, fullname, path=None, target=None):
        if fullname != self._name:
            return None
        spec = self._ask_the_others(fullname, path, target)
        if spec is None or spec.loader is None:
            return spec
        with complaints.guard():
            self._extend(spec.loader)
        return spec

    def _ask_the_others(self, fullname, path, target):
        for finder in list(sys.meta_path):
            find = None if finder is self else getattr(finder, "find_spec", None)
            spec = find(fullname, path, target) if find else None
            if spec is not None:
                return spec
        return None

    def _extend(self, loader):
        original = loader.exec_module

        def exec_module(module):
            # The loader is this module's own: after this one use it is as it was found.
            del loader.exec_module
            original(module)
            with complaints.guard():
                if self in sys.meta_path:
                    sys.meta_path.remove(self)
                self._callback()

        loader.exec_module = exec_module


def after_import(name, callback):
    if name in sys.modules:
        callback()
    else:
        sys.meta_path.insert(0, _AfterImport(name, callback))
