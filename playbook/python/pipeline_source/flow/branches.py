"""Branches: which code runs, as far as conditions and imports tell, and what must have run before a use."""

from __future__ import annotations

import ast
import functools
from dataclasses import dataclass
import importlib.util

from ..sources.project import Project
from ..values.values import Frame
from .evaluator import Evaluator


@dataclass(eq=False)
class Branches:
    """Answers for one place in the code, in one frame."""

    _project: Project
    _evaluator: Evaluator

    def is_live(self, node: ast.AST, frame: Frame) -> bool:
        """False for code in a branch whose condition is known not to hold."""
        child = node
        for parent in frame.module.ancestors(node):
            if parent is frame.scope.node:
                break
            if isinstance(parent, ast.Try) and self._is_other_import(parent, child):
                return False
            if isinstance(parent, ast.If):
                branch = _branch(parent, child)
                truth = None if branch == "test" else self._evaluator.truth(parent.test, frame)
                if truth is not None and truth != (branch == "body"):
                    return False
            child = parent
        return True

    def must_run(self, binding, node: ast.AST | None, scope, frame: Frame) -> bool:
        """Whether the use can only be reached through this binding."""
        if binding.kind in ("param", "def", "class", "import"):
            return True
        enclosing = set() if node is None else set(map(id, scope.module.ancestors(node)))
        child: ast.AST = binding.node
        for parent in scope.module.ancestors(binding.node):
            if parent is scope.node:
                return True
            if id(parent) in enclosing:
                return True
            if isinstance(parent, ast.If):
                truth = self._evaluator.truth(parent.test, frame)
                if truth is None or (_branch(parent, child) == "body") != truth:
                    return False
            elif isinstance(parent, (ast.For, ast.AsyncFor, ast.While, ast.ExceptHandler)):
                return False
            child = parent
        return True

    def excludes(self, one: ast.AST, other: ast.AST, module) -> bool:
        """Whether the two stand in different branches of one `if`."""
        branches = {}
        child = one
        for parent in module.ancestors(one):
            if isinstance(parent, ast.If):
                branches[parent] = _branch(parent, child)
            child = parent
        child = other
        for parent in module.ancestors(other):
            if parent in branches and _branch(parent, child) != branches[parent] and _branch(parent, child) != "test":
                return True
            child = parent
        return False

    def _is_other_import(self, node: ast.Try, child: ast.AST) -> bool:
        """try: import x / except ImportError: …: which of the two runs in this Python."""
        imports = [s for s in node.body if isinstance(s, (ast.Import, ast.ImportFrom))]
        if not imports or not any(_catches_import(h) for h in node.handlers):
            return False
        present = all(self._is_importable(s) for s in imports)
        return present if child in node.handlers else child in imports and not self._is_importable(child)

    def _is_importable(self, node: ast.AST) -> bool:
        names = [a.name for a in node.names] if isinstance(node, ast.Import) else [node.module or ""]
        if isinstance(node, ast.ImportFrom) and node.level:
            return True
        return all(self._project.module(n) is not None or _is_installed(n.split(".")[0]) for n in names)


def _branch(parent: ast.If, child: ast.AST) -> str:
    if child in parent.body:
        return "body"
    return "orelse" if child in parent.orelse else "test"


def _catches_import(handler: ast.ExceptHandler) -> bool:
    names = {n.id for n in ast.walk(handler.type) if isinstance(n, ast.Name)} if handler.type else {"Exception"}
    return bool(names & {"ImportError", "ModuleNotFoundError", "Exception", "BaseException"})


@functools.cache
def _is_installed(package: str) -> bool:
    """Looks the package up without importing it: this runs in the target's own Python."""
    try:
        return importlib.util.find_spec(package) is not None
    except (ImportError, ValueError):
        return False
