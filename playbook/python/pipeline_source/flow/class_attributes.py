"""Attributes of classes: methods, properties, fields with their defaults."""

from __future__ import annotations

import ast
from dataclasses import dataclass

from ..sources.syntax import base_name
from ..values.made import Made
from ..values.values import Class, Frame, Instance, Method, Value
from .classes import Classes
from .evaluator import Evaluator
from .frames import Frames
from .names import Names
from .returns import Returns


@dataclass(eq=False)
class ClassAttributes:
    """The receiver decides what a method is bound to."""

    _made: Made
    _frames: Frames
    _evaluator: Evaluator
    _classes: Classes
    _returns: Returns
    _names: Names

    def of(self, cls: Class, name: str, receiver: Value) -> list[Value]:
        for at in self._classes.mro(cls):
            frame = self._classes.frame_of(at)
            for node in at.node.body:
                if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.name == name:
                    function = self._made.function(node, frame)
                    decorators = {base_name(d) for d in node.decorator_list} | {
                        d.attr if isinstance(d, ast.Attribute) else getattr(d, "id", "") for d in node.decorator_list
                    }
                    if "staticmethod" in decorators:
                        return [function]
                    if "classmethod" in decorators:
                        owner = receiver.cls if isinstance(receiver, Instance) else receiver
                        return [Method(function, owner)]
                    if decorators & {"property", "cached_property"} and isinstance(receiver, Instance):
                        return self._returns.returned(function, self._frames.bind(function, [], receiver))
                    return [Method(function, receiver)] if isinstance(receiver, Instance) else [function]
            scope = at.module.scopes[at.node]
            if name in scope.bindings:
                found: list[Value] = []
                for binding in scope.bindings[name]:
                    if binding.kind == "assign":
                        found += self._field_default(binding.value, frame)
                    else:
                        found += self._names.bound_value(binding, name, frame)
                return found
        return []

    def _field_default(self, node: ast.AST, frame: Frame) -> list[Value]:
        """A field's default, through dataclasses.field(), attrs and pydantic's Field()."""
        if isinstance(node, ast.Call) and base_name(node.func) in ("field", "Field", "ib", "attrib"):
            for keyword in node.keywords:
                if keyword.arg == "default":
                    return self._evaluator.evaluate(keyword.value, frame)
                if keyword.arg in ("default_factory", "factory"):
                    call = self._made.once(("factory", id(node)), lambda: ast.Call(keyword.value, [], []))
                    found: list[Value] = []
                    for callee in self._evaluator.evaluate(keyword.value, frame):
                        found += self._evaluator.call(callee, [(call, frame)])
                    return found
            return self._evaluator.evaluate(node.args[0], frame) if node.args else []
        return self._evaluator.evaluate(node, frame)
