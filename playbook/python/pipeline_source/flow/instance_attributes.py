"""Attributes of instances: assignments to self, fields, properties, what is stored from outside."""

from __future__ import annotations

import ast
from dataclasses import dataclass

from ..sources.syntax import base_name, stores_to
from ..values.layers import Layers
from ..values.overridden import Overridden
from ..values.values import Arguments, DictOf, Frame, Instance, Leaf, Literal, Namespace, Unknown, Value
from .branches import Branches
from .class_attributes import ClassAttributes
from .classes import Classes
from .code_index import CodeIndex
from .evaluator import Evaluator
from .laid import LaidOver, with_overlays
from .method_frames import MethodFrames
from .names import Names
from .returns import Returns
from .stores import Stores

_SPECIAL = {"__init__", "__call__", "__iter__", "__next__", "__enter__", "__getitem__"}


@dataclass(eq=False)
class InstanceAttributes:
    """Everything that may give the attribute is asked; what is only announced (`= None`) comes last."""

    _index: CodeIndex
    _overridden: Overridden
    _evaluator: Evaluator
    _branches: Branches
    _classes: Classes
    _returns: Returns
    _names: Names
    _method_frames: MethodFrames
    _overlays: LaidOver
    _stores: Stores
    _class_attributes: ClassAttributes

    def of(self, inst: Instance, name: str, node: ast.AST, frame: Frame) -> list[Value]:
        if name in inst.replaced:
            self._overridden.fields.add((id(inst.cls.node), name))
            return self._evaluator.evaluate(*inst.replaced[name])
        if name == "__class__":
            return [inst.cls]
        outside = self._stored_from_outside_instance(inst, name)
        assigned = self._assigned_in_methods(inst, name)
        passed = self._passed_field(inst, name)
        if passed:
            self._overridden.fields.add((id(inst.cls.node), name))
        declared = self._class_attributes.of(inst.cls, name, inst) if not passed else []
        found = [*outside, *assigned, *passed, *declared]
        if not isinstance(inst.cls.node, ast.ClassDef) or name not in _SPECIAL:
            laid = self._overlays.laid_over(inst, name)
            if laid:
                self._overridden.fields.add((id(inst.cls.node), name))
                found = with_overlays(laid, found, self._overridden.homes)
        if not found or all(isinstance(v, Unknown) for v in found):
            given = self._given_as_mapping(inst, name)
            found = given or found
        # A first `self.pipeline = None` only announces the attribute.
        useful = [v for v in found if not isinstance(v, Unknown) and not (isinstance(v, Literal) and v.value is None)]
        return useful or found or [Unknown(f"attribute {name}")]

    def _stored_from_outside_instance(self, inst: Instance, name: str) -> list[Value]:
        if not any(
            isinstance(t, ast.Attribute) and base_name(t.value) != "self"
            for _, t, _ in self._index.key_stores.get(name, [])
        ):
            return []
        return self._stores.on_attribute(
            name, lambda v: isinstance(v, Instance) and v.cls.node is inst.cls.node and _is_not_self(v, inst)
        )

    def _assigned_in_methods(self, inst: Instance, name: str) -> list[Value]:
        found: list[Value] = []
        for at in self._classes.mro(inst.cls):
            for method in at.node.body:
                if not isinstance(method, (ast.FunctionDef, ast.AsyncFunctionDef)) or not method.args.args:
                    continue
                self_name = method.args.args[0].arg
                stores = [s for s in stores_to(method, self_name, name)]
                if not stores:
                    continue
                frame = self._method_frames.of(inst, at, method)
                for kind, value, path, statement in stores:
                    if not self._branches.is_live(statement, frame):
                        continue
                    values = self._evaluator.evaluate(value, frame)
                    if kind == "with":
                        values = self._returns.entered(values)
                    found += self._names.unpack(values, path, value)
            if found:
                break
        return found

    def _passed_field(self, inst: Instance, name: str) -> list[Value]:
        """A dataclass field as the constructor call gives it."""
        if inst.call is None or not self._classes.is_record(inst.cls):
            return []
        names = list(self._classes.fields(inst.cls))
        if name not in names:
            return []
        for keyword in inst.call.keywords:
            if keyword.arg == name:
                return self._evaluator.evaluate(keyword.value, inst.frame)
        index = names.index(name)
        if index < len(inst.call.args) and not any(isinstance(a, ast.Starred) for a in inst.call.args):
            return self._evaluator.evaluate(inst.call.args[index], inst.frame)
        for keyword in inst.call.keywords:
            if keyword.arg is None:
                for value in self._evaluator.evaluate(keyword.value, inst.frame):
                    found = self._evaluator.item(value, name, keyword.value, inst.frame)
                    if not isinstance(found[0], Unknown):
                        return found
        return []

    def _given_as_mapping(self, inst: Instance, name: str) -> list[Value]:
        """A wrapper around a configuration: an attribute that only a mapping given to its constructor can explain."""
        if inst.call is None:
            return []
        for arg in [*inst.call.args, *[k.value for k in inst.call.keywords]]:
            for value in self._evaluator.evaluate(arg, inst.frame):
                if isinstance(value, (Leaf, DictOf, Arguments, Namespace, Layers)):
                    found = self._evaluator.item(value, name, arg, inst.frame)
                    if not isinstance(found[0], Unknown):
                        return found
        return []


def _is_not_self(value: Value, inst: Instance) -> bool:
    return inst.call is None or value.call is None or value.call is inst.call
