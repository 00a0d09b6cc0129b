"""Values and frames that are the same object each time they are asked for: identity is what values are compared by."""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from .values import Class, Frame, Function, Namespace, Pipeline


@dataclass(eq=False)
class Made:
    """What was made for a key, and what must stay alive because its identity is part of a key."""

    _made: dict[tuple, Any] = field(default_factory=dict, init=False)
    _kept: list[object] = field(default_factory=list, init=False)

    def once(self, key: tuple, make: Callable[[], Any]) -> Any:
        """What `make` gave when the key was first asked for."""
        if key not in self._made:
            self._made[key] = make()
        return self._made[key]

    def keep(self, owner: object) -> None:
        """Identities are keys here and elsewhere, so what they belong to must stay."""
        self._kept.append(owner)

    def function(self, node, frame: Frame) -> Function:
        return self.once(("function", id(node), id(frame)), lambda: Function(node, frame.module, frame))

    def cls(self, node: ast.ClassDef, frame: Frame) -> Class:
        return self.once(("class", id(node), id(frame)), lambda: Class(node, frame.module, frame))

    def namespace(self, module) -> Namespace:
        return self.once(("namespace", module.path), lambda: Namespace(module))

    def pipeline(self, kind: str, node: ast.Call, frame: Frame, definition) -> Pipeline:
        return self.once(("pipeline", id(node), id(frame)), lambda: Pipeline(kind, node, frame, definition))
