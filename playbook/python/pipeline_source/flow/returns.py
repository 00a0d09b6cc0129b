"""What a function of the project returns, and what `with` binds."""

from __future__ import annotations

import ast
from dataclasses import dataclass

from ..sources.syntax import has_decorator, own_statements
from ..values.values import Concrete, Frame, Function, Generator, Instance, Literal, Unknown, Value
from .branches import Branches
from .classes import Classes
from .evaluator import Evaluator
from .frames import Frames


@dataclass(eq=False)
class Returns:
    """Only statements that may run count."""

    _frames: Frames
    _evaluator: Evaluator
    _branches: Branches
    _classes: Classes

    def returned(self, function: Function, frame: Frame) -> list[Value]:
        found: list[Value] = []
        for statement in own_statements(function.node):
            if (
                isinstance(statement, ast.Return)
                and statement.value is not None
                and self._branches.is_live(statement, frame)
            ):
                found += self._evaluator.evaluate(statement.value, frame)
        known = [v for v in found if not (isinstance(v, Concrete) and v.value is None) and not isinstance(v, Unknown)]
        return known or found or [Literal(None, function.node, frame)]

    def entered(self, values: list[Value]) -> list[Value]:
        """What `with … as` binds."""
        found: list[Value] = []
        for value in values:
            if isinstance(value, Generator) and has_decorator(value.function.node, "contextmanager"):
                for node in own_statements(value.function.node):
                    if isinstance(node, ast.Yield) and node.value is not None:
                        found += self._evaluator.evaluate(node.value, value.frame)
            elif isinstance(value, Instance):
                method = self._classes.find_method(value.cls, "__enter__")
                if isinstance(method, Function):
                    frame = self._frames.bind(method, [], value)
                    found += self.returned(method, frame)
                else:
                    found.append(value)
            else:
                found.append(value)
        return found
