"""Instances of the project's classes: what a call of a class makes, and who `self` may be."""

from __future__ import annotations

from dataclasses import dataclass, field

import ast

from ..values.made import Made
from ..values.values import Class, External, Frame, Instance, Value
from .classes import Classes
from .code_index import CodeIndex
from .evaluator import Evaluator
from .frames import Frames


@dataclass(eq=False)
class Instances:
    """`built` holds what registries were seen to make, by the class's node."""

    _index: CodeIndex
    _made: Made
    _frames: Frames
    _evaluator: Evaluator
    _classes: Classes
    built: dict[int, list[Instance]] = field(default_factory=dict, init=False)
    _known: dict[int, list[Value]] = field(default_factory=dict, init=False)

    def forget(self) -> None:
        """More is known now than when the answers were found."""
        self._known.clear()

    def made_by(self, cls: Class, node: ast.Call | None, frame: Frame | None) -> list[Value]:
        """What a call of a class makes; a class that only derives from one of SPDL makes what that one does."""
        external = self._classes.external_base(cls)
        if (
            external is not None
            and node is not None
            and self._classes.find_method(cls, "__init__") is None
            and external.startswith("spdl.")
        ):
            return self._evaluator.call(External(external), [(node, frame)])
        return [self._made.once(("instance", id(cls.node), id(node), id(frame)), lambda: Instance(cls, node, frame))]

    def of(self, cls: Class) -> list[Value]:
        """Who `self` may be in a method that any caller may have called."""
        key = id(cls.node)
        if key not in self._known:
            self._known[key] = self.open(cls)
            found: list[Value] = []
            for name in [cls.node.name, "cls", *sorted(self._classes.subclass_names(cls))]:
                for module, call in self._index.calls.get(name, []):
                    frame = self._frames.at(module, call)
                    for value in self._evaluator.evaluate(call.func, frame):
                        if isinstance(value, Class) and any(c.node is cls.node for c in self._classes.mro(value)):
                            found += self.made_by(value, call, frame)
            found = [v for v in found if isinstance(v, Instance)]
            found += [
                i
                for instances in self.built.values()
                for i in instances
                if i not in found and any(c.node is cls.node for c in self._classes.mro(i.cls))
            ]
            if found:
                self._known[key] = found[:6]
        return self._known[key]

    def open(self, cls: Class) -> list[Value]:
        """The instance of which nothing is known but its class."""
        return [self._made.once(("instance", id(cls.node), None, None), lambda: Instance(cls, None, None))]
