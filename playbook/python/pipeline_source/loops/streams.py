"""Which pipelines a value yields the output of when it is iterated over, through wrappers, generators and objects."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field

from ..flow.dataflow import Flow
from ..sources.syntax import own_statements
from ..values.values import (
    ExternalCall,
    Frame,
    Generator,
    Instance,
    Pipeline,
    Value,
)

_NOT_CONSUMERS = {"len", "print", "repr", "str", "type", "isinstance", "id", "hasattr", "callable", "bool"}


@dataclass(eq=False)
class Streams:
    """Answers for expressions and for values."""

    _flow: Flow
    _busy: set[int] = field(default_factory=set, init=False)
    _streams: dict[int, list[Pipeline]] = field(default_factory=dict, init=False)

    def of(self, node: ast.AST, frame: Frame) -> list[Pipeline]:
        """Pipelines whose output an expression yields when it is iterated over."""
        found: list[Pipeline] = []
        for value in self._flow.evaluate(node, frame):
            found += [p for p in self.of_value(value) if p not in found]
        return found

    def of_value(self, value: Value) -> list[Pipeline]:
        """Pipelines whose output a value yields when it is iterated over."""
        if isinstance(value, Pipeline):
            return [value]
        key = id(value)
        if key in self._busy or len(self._busy) > 30:
            return []
        if key in self._streams:
            return self._streams[key]
        self._busy.add(key)
        try:
            found = self._inside(value)
        finally:
            self._busy.discard(key)
        self._streams[key] = found
        self._flow.made.keep(value)
        return found

    def _inside(self, value: Value) -> list[Pipeline]:
        if isinstance(value, Generator):
            # What is passed in comes out again, whatever happens in between (a queue, a thread).
            return self._in_body(value.function.node, value.frame) or self._given(
                a for a in (value.frame.args or {}).values() if isinstance(a, tuple)
            )
        if isinstance(value, Instance):
            found: list[Pipeline] = []
            for name in ("__iter__", "__next__"):
                for cls in self._flow.classes.mro(value.cls):
                    method = next((m for m in cls.node.body if isinstance(m, ast.FunctionDef) and m.name == name), None)
                    if method is not None:
                        frame = self._flow.method_frames.of(value, cls, method)
                        found += [p for p in self._in_body(method, frame) if p not in found]
                        break
            return found or self._of_object(value)
        if isinstance(value, ExternalCall) and value.name.rpartition(".")[2] not in _NOT_CONSUMERS:
            found = []
            for arg in [*value.node.args, *[k.value for k in value.node.keywords]]:
                if not isinstance(arg, (ast.Constant, ast.Lambda)):
                    inner = arg.value if isinstance(arg, ast.Starred) else arg
                    found += [p for p in self.of(inner, value.frame) if p not in found]
            return found
        return []

    def _given(self, expressions) -> list[Pipeline]:
        found: list[Pipeline] = []
        for expression, frame in expressions:
            found += [p for p in self.of(expression, frame) if p not in found]
        return found

    def _of_object(self, value: Instance) -> list[Pipeline]:
        """A loader derived from spdl.dataloader.DataLoader, or an iterable that was given a pipeline."""
        base = self._flow.classes.external_base(value.cls)
        if base is not None and base.endswith(".DataLoader"):
            return [
                self._flow.made.pipeline("dataloader", call, frame, None) for call, frame in self._flow.method_frames.super_calls(value)
            ]
        iterates = any(self._flow.classes.find_method(value.cls, name) for name in ("__iter__", "__next__"))
        if iterates and value.call is not None:
            return self._given((a, value.frame) for a in [*value.call.args, *[k.value for k in value.call.keywords]])
        return []

    def _in_body(self, function: ast.AST, frame: Frame) -> list[Pipeline]:
        """Pipelines that a generator or an __iter__ passes on."""
        found: list[Pipeline] = []
        for node in own_statements(function):
            sources: list[ast.AST] = []
            if isinstance(node, (ast.For, ast.AsyncFor)):
                sources = [node.iter]
            elif isinstance(node, (ast.YieldFrom, ast.Return)) and node.value is not None:
                sources = [node.value]
            elif isinstance(node, ast.Call):
                if isinstance(node.func, ast.Name) and node.func.id == "next" and node.args:
                    sources = [node.args[0]]
                elif isinstance(node.func, ast.Attribute) and node.func.attr in ("get_item", "__next__"):
                    sources = [node.func.value]
            for source in sources:
                found += [p for p in self.of(source, frame) if p not in found]
        return found
