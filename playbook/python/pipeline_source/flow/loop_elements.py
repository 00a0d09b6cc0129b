"""The elements of what a loop runs over, where the code or a configuration file shows them.

An element is an expression with its frame, a callable that gives values, or a list of elements (a tuple that a loop's
target takes apart)."""

from __future__ import annotations

import ast
from dataclasses import dataclass

from ..values.values import Class, Computed, Concrete, DictOf, ExternalCall, Frame, Instance, Leaf, SequenceOf, Unknown
from .classes import Classes
from .evaluator import Evaluator

MAX_ELEMENTS = 64
_ORDER = {"sorted", "reversed", "list", "tuple", "iter"}


@dataclass(eq=False)
class LoopElements:
    """Knows displays, mappings, lists of files, and enumerate, zip, range, sorted and the like around them."""

    _evaluator: Evaluator
    _classes: Classes

    def of(self, node: ast.AST, frame: Frame) -> list | None:
        """Elements in order; None where they are not known."""
        if isinstance(node, ast.Call):
            found = self._of_call(node, frame)
            if found is not None:
                return found[:MAX_ELEMENTS] or None
        for value in self._evaluator.evaluate(node, frame):
            if isinstance(value, SequenceOf):
                found = [(e, value.frame) for e in value.elements if not isinstance(e, ast.Starred)]
            elif isinstance(value, (DictOf, Leaf, Concrete)):
                found = self._of_mapping_or_list(value, node, frame)
            elif isinstance(value, ExternalCall) and value.name == "dataclasses.fields" and value.node.args:
                classes = [
                    v.cls if isinstance(v, Instance) else v
                    for v in self._evaluator.evaluate(value.node.args[0], value.frame)
                ]
                found = [e for c in classes if isinstance(c, Class) for e in self._classes.field_elements(c)]
            else:
                continue
            if found and len(found) <= MAX_ELEMENTS:
                return found
        return None

    def _of_call(self, node: ast.Call, frame: Frame) -> list | None:
        if isinstance(node.func, ast.Attribute) and not node.args and node.func.attr in ("items", "keys", "values"):
            for value in self._evaluator.evaluate(node.func.value, frame):
                pairs = self._pairs(value, node, frame)
                if pairs:
                    return [{"items": list(p), "keys": p[0], "values": p[1]}[node.func.attr] for p in pairs]
            return None
        name = node.func.id if isinstance(node.func, ast.Name) else ""
        if name in _ORDER and len(node.args) == 1:
            inner = self.of(node.args[0], frame)
            if inner is None or name not in ("sorted", "reversed"):
                return inner
            return inner[::-1] if name == "reversed" else self._sorted(inner, node)
        if name == "enumerate" and node.args:
            inner = self.of(node.args[0], frame)
            start = self._evaluator.number(node.args[1], frame) if len(node.args) > 1 else 0
            if inner is None or not isinstance(start, int):
                return None
            return [[_constant(start + i, node, frame), e] for i, e in enumerate(inner)]
        if name == "zip" and node.args:
            columns = [self.of(a, frame) for a in node.args]
            return None if any(c is None for c in columns) else [list(row) for row in zip(*columns)]
        if name == "range" and node.args:
            numbers = [self._count(a, frame) for a in node.args]
            if all(isinstance(n, int) for n in numbers) and len(range(*numbers)) <= MAX_ELEMENTS:
                return [_constant(n, node, frame) for n in range(*numbers)]
        return None

    def _count(self, node: ast.AST, frame: Frame):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "len" and node.args:
            inner = self.of(node.args[0], frame)
            return None if inner is None else len(inner)
        return self._evaluator.number(node, frame)

    def _sorted(self, elements: list, node: ast.Call) -> list | None:
        if node.keywords or any(isinstance(e, list) for e in elements):
            return None
        keys = [next((v.value for v in self._evaluator.argument(e) if isinstance(v, Concrete)), None) for e in elements]
        if not all(isinstance(k, str) for k in keys):
            return None
        return [e for _, e in sorted(zip(keys, elements), key=lambda pair: pair[0])]

    def _of_mapping_or_list(self, value, node: ast.AST, frame: Frame) -> list | None:
        if isinstance(value, Leaf) and isinstance(value.value, list):
            return [lambda i=i: self._evaluator.item(value, i, node, frame) for i in range(len(value.value))]
        if isinstance(value, Concrete) and isinstance(value.value, (list, tuple)):
            return [_constant(v, node, frame) for v in value.value]
        pairs = self._pairs(value, node, frame)
        return None if pairs is None else [key for key, _ in pairs]

    def _pairs(self, value, node: ast.AST, frame: Frame) -> list | None:
        """(key, value) of each entry of a mapping, as elements."""
        if isinstance(value, Leaf) and isinstance(value.value, dict):
            keys = list(value.value)
            return [(_constant(k, node, frame), lambda k=k: self._evaluator.item(value, k, node, frame)) for k in keys]
        if isinstance(value, DictOf) and not value.merged:
            keys = list(dict.fromkeys(k for k, _ in value.entries))
            return [(_constant(k, node, frame), lambda k=k: self._evaluator.item(value, k, node, frame)) for k in keys]
        return None


def fix(target: ast.AST, element, fixed: dict) -> bool:
    """Binds the names of a loop's target to the parts of one element; False when the parts are not in the code."""
    if isinstance(target, ast.Name):
        fixed[target.id] = element if not isinstance(element, list) else lambda: [Unknown("tuple")]
        return True
    if not isinstance(target, (ast.Tuple, ast.List)):
        return False
    if isinstance(element, tuple) and isinstance(element[0], (ast.Tuple, ast.List)):
        element = [(e, element[1]) for e in element[0].elts]
    if not isinstance(element, list) or len(target.elts) != len(element):
        return False
    return all(fix(t, e, fixed) for t, e in zip(target.elts, element))


def _constant(value, node: ast.AST, frame: Frame):
    known = Concrete(value) if isinstance(value, str) else Computed(value, node, frame)
    return lambda: [known]
