"""Where the code calls what, and where it stores what, by name; modules that are found on the way are taken in."""

from __future__ import annotations

import ast

from ..sources.project import Project
from ..sources.syntax import simple_name
from .overlays import Overlay, overlays_of


class CodeIndex:
    """`calls` by the callee's last name, `overlays` in the order of the code, both of all modules known so far."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._indexed = 0
        self._key_stores: dict[object, list[tuple]] | None = None
        self.calls: dict[str, list[tuple[object, ast.Call]]] = {}
        self.overlays: list[Overlay] = []
        self._take_in()

    def _take_in(self) -> None:
        added = self._project.modules[self._indexed :]
        self._indexed = len(self._project.modules)
        for module in added:
            for node in ast.walk(module.tree):
                if isinstance(node, ast.Call) and (name := simple_name(node.func)):
                    self.calls.setdefault(name, []).append((module, node))
        self.overlays += overlays_of(added)
        self._key_stores = None

    def file(self, path: str):
        """The module of a Python file that the code runs by its path; None when it is no file of the source."""
        module = self._project.file(path)
        self._take_in()
        return module

    def module_named(self, name: str):
        """The module that the code imports by a name that it has as text."""
        module = self._project.imported(name) if name else None
        self._take_in()
        return module

    @property
    def key_stores(self) -> dict[object, list[tuple]]:
        """Assignments to a key or attribute, by that key: (module, target, value)."""
        if self._key_stores is None:
            self._key_stores = {}
            for module in self._project.modules:
                for node in ast.walk(module.tree):
                    for target in node.targets if isinstance(node, ast.Assign) else []:
                        if isinstance(target, ast.Subscript) and isinstance(target.slice, ast.Constant):
                            self._key_stores.setdefault(target.slice.value, []).append((module, target, node.value))
                        elif isinstance(target, ast.Attribute):
                            self._key_stores.setdefault(target.attr, []).append((module, target, node.value))
        return self._key_stores
