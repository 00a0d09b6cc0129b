"""Who calls a function, anywhere in the project."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field

from ..values.values import Class, Frame, Function, Instance, Method, Unknown, Value
from .classes import Classes
from .code_index import CodeIndex
from .evaluator import Evaluator
from .frames import Frames
from .instances import Instances

MAX_CALLERS = 12


@dataclass(eq=False)
class Callers:
    """Candidates are calls by the function's name, or by that of its class; each is followed to see whom it means."""

    _index: CodeIndex
    _frames: Frames
    _evaluator: Evaluator
    _classes: Classes
    _instances: Instances
    _known: dict[int, list[tuple[ast.Call, Frame, Value | None]]] = field(default_factory=dict, init=False)

    def forget(self) -> None:
        """More is known now than when the answers were found."""
        self._known.clear()

    def of(self, function: Function) -> list[tuple[ast.Call, Frame, Value | None]]:
        """Calls of a function anywhere in the project, with the receiver where it is a method."""
        key = id(function.node)
        if key in self._known:
            return self._known[key]
        self._known[key] = []
        names = [getattr(function.node, "name", "")]
        owner = self._classes.owner_of(function)
        if owner is not None and function.node.name in ("__init__", "__new__"):
            names += [owner.node.name, *sorted(self._classes.subclass_names(owner))]
        elif owner is not None and function.node.name == "__call__":
            names = list(self._index.calls)
        found = []
        for name in names:
            for module, call in self._index.calls.get(name, []):
                frame = self._frames.at(module, call)
                for callee in self._evaluator.evaluate(call.func, frame):
                    receiver = None
                    target = callee
                    if isinstance(callee, Method):
                        target, receiver = callee.function, callee.receiver
                    elif isinstance(callee, Class):
                        target = self._classes.find_method(callee, "__init__")
                        receiver = Unknown("self")
                    elif isinstance(callee, Instance):
                        target, receiver = self._classes.find_method(callee.cls, "__call__"), callee
                    if isinstance(target, Function) and target.node is function.node:
                        found.append((call, frame, receiver))
                        break
        if owner is not None and function.node.name == "__init__":
            for instance in self._instances.built.get(id(owner.node), []):
                found.append((instance.call, instance.frame, Unknown("self")))
        self._known[key] = found[:MAX_CALLERS]
        return self._known[key]
