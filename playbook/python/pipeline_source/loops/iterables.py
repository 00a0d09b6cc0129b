"""Which expression yields the batches that a loop takes, and which ones make the iterator that they are taken from."""

from __future__ import annotations

import ast
from dataclasses import dataclass

from ..flow.dataflow import Flow
from ..sources.syntax import PASS_THROUGH_HELPERS, part_of, stores_to
from ..values.values import Attribute, Class, Frame, Function, Generator, Instance, Pipeline
from .streams import Streams


@dataclass(eq=False)
class Iterables:
    """Looks under what stands around an iterable, and back to what a name or attribute was given."""

    _flow: Flow
    _streams: Streams

    def innermost(self, node: ast.AST, frame: Frame) -> ast.AST:
        """Under enumerate(), tqdm(), islice() and the like: the expression that yields the batches themselves."""
        while isinstance(node, ast.Call):
            if isinstance(node.func, ast.Name) and node.func.id in PASS_THROUGH_HELPERS and node.args:
                node = node.args[0]
                continue
            values = self._flow.evaluate(node, frame)
            if any(isinstance(v, (Pipeline, Instance, Generator)) for v in values) and not self._is_iter(node):
                return node
            callees = self._flow.evaluate(node.func, frame)
            if (
                any(isinstance(c, (Function, Class)) for c in callees)
                or isinstance(node.func, ast.Attribute)
                and any(isinstance(c, Attribute) for c in callees)
            ):
                return node
            inner = next((a for a in node.args if not isinstance(a, ast.Starred) and self._streams.of(a, frame)), None)
            if inner is None:
                inner = next((k.value for k in node.keywords if k.arg and self._streams.of(k.value, frame)), None)
            if inner is None:
                return node
            node = inner
        return node

    @staticmethod
    def _is_iter(node: ast.Call) -> bool:
        name = node.func.id if isinstance(node.func, ast.Name) else ""
        return name in ("iter", "list", "tuple")

    def makers(self, node: ast.AST, frame: Frame, depth: int = 0) -> list[tuple[ast.AST, Frame]]:
        """Expressions that make the iterator which a name or attribute holds."""
        if depth > 8:
            return []
        if isinstance(node, ast.Name):
            at = frame.that_binds(node.id)
            found = []
            for binding in at.scope.bindings[node.id] if at is not None else []:
                if binding.kind == "assign":
                    found += self._makers_of(binding.value, binding.path, at, depth)
                elif binding.kind == "param":
                    function = Function(at.scope.node, at.module, at.parent)
                    for call, caller, receiver in self._flow.callers.of(function):
                        given = self._flow.frames.bind(function, [(call, caller)], receiver, limited=False).args.get(node.id)
                        if isinstance(given, tuple):
                            found += self.makers(*given, depth + 1)
            return found
        if isinstance(node, ast.Attribute):
            found = []
            for owner in self._flow.evaluate(node.value, frame):
                if isinstance(owner, Instance):
                    for cls in self._flow.classes.mro(owner.cls):
                        for method in cls.node.body:
                            if isinstance(method, ast.FunctionDef) and method.args.args:
                                inner = self._flow.method_frames.of(owner, cls, method)
                                for kind, value, path, _ in stores_to(method, method.args.args[0].arg, node.attr):
                                    if kind == "assign":
                                        known = [v for v, _ in found]
                                        found += [
                                            m for m in self._makers_of(value, path, inner, depth) if m[0] not in known
                                        ]
            return found
        return [(node, frame)] if isinstance(node, ast.Call) else []

    def _makers_of(self, value: ast.AST, path: tuple, frame: Frame, depth: int) -> list[tuple[ast.AST, Frame]]:
        """`it = iter(loader)` makes it; `it = other` leads on to what makes the other."""
        part = part_of(value, path)
        if part is None or not self._streams.of(part, frame):
            return []
        if isinstance(part, (ast.Name, ast.Attribute)):
            return self.makers(part, frame, depth + 1)
        return [(part, frame)]
