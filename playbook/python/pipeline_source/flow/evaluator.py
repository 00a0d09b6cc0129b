"""The knot of the dataflow: what an expression may stand for, asked again for each of its parts.

The verbs that call each other in circles are asked here alone: evaluate an expression, take an attribute or an item of
a value, call a value. Who answers them is connected once, by Flow; all other collaboration goes one way."""

from __future__ import annotations

import ast
import time
from collections.abc import Callable

from ..sources.project import Project
from ..sources.syntax import is_main_test
from ..values.made import Made
from ..values.values import (
    Arguments,
    Class,
    Concrete,
    Frame,
    Function,
    Generator,
    Instance,
    Method,
    ModuleRef,
    Pipeline,
    Unknown,
    Value,
    concrete,
)

MAX_DEPTH = 80
# Well below the limit of whoever runs this; ordinary projects take a tenth of a second.
TIME_LIMIT_S = 10.0
MAX_CANDIDATES = 24
_ALWAYS_TRUE = (Function, Class, Instance, Pipeline, Arguments, Generator, ModuleRef, Method)


class Evaluator:
    """Remembers answers, ends recursion, and gives up on code that cannot be followed in reasonable time."""

    def __init__(self, project: Project, made: Made, time_limit_s: float = TIME_LIMIT_S) -> None:
        self._project = project
        self._made = made
        self._expressions: dict[type, Callable[[ast.AST, Frame], list[Value]]] = {}
        self._memo: dict[tuple[int, int], list[Value]] = {}
        self._tainted: dict[tuple[int, int], list[Value]] = {}
        self._active: set[tuple] = set()
        self._work, self._deadline, self.gave_up = 0, time.monotonic() + time_limit_s, False

    def connect(
        self,
        expressions: dict[type, Callable[[ast.AST, Frame], list[Value]]],
        attribute: Callable[[Value, str, ast.AST, Frame], list[Value]],
        item: Callable[[Value, object, ast.AST, Frame], list[Value]],
        call: Callable[[Value, list[tuple[ast.Call, Frame]]], list[Value]],
    ) -> None:
        """Who answers for each kind of expression, and for what is done with a value."""
        self._expressions = expressions
        # `attribute(value, name, node, frame)`, `item(value, key, node, frame)`, `call(callee, [(call, frame)])`.
        self.attribute, self.item, self.call = attribute, item, call

    def forget(self) -> None:
        """More is known now than when the answers were found."""
        self._memo.clear()

    def evaluate(self, node: ast.AST | None, frame: Frame) -> list[Value]:
        """The candidates for what an expression may stand for, best first; never empty, and nothing is run."""
        if node is None:
            return [Unknown("nothing")]
        key = (id(node), id(frame))
        if key in self._memo:
            return self._memo[key]
        if key in self._active or len(self._active) > MAX_DEPTH:
            return [Unknown("recursion")]
        if key in self._tainted:
            return self._tainted[key]
        if self._is_out_of_time():
            return [Unknown("too large")]
        is_outermost = not self._active
        self._active.add(key)
        try:
            read = self._expressions.get(type(node))
            values = read(node, frame) if read is not None else [Unknown(type(node).__name__)]
        except RecursionError:
            # Deeper than the interpreter goes: unknown, as everything that cannot be followed.
            if not is_outermost:
                raise
            values = [Unknown("recursion")]
        finally:
            self._active.discard(key)
        values = _distinct(values)
        # What was cut by recursion may become known from another start: such an answer serves this question only.
        is_whole = not any(isinstance(v, Unknown) and v.reason == "recursion" for v in values)
        (self._memo if is_whole else self._tainted)[key] = values
        self._made.keep((node, frame))
        if is_outermost:
            self._tainted.clear()
        return values

    def is_asked(self, key: tuple) -> bool:
        """Whether that very question is being answered now."""
        return key in self._active

    def unless_asked(self, key: tuple, answer: Callable[[], list[Value]]) -> list[Value]:
        """The answer to a question that is no expression, or unknown while that very question is being answered."""
        if self.is_asked(key):
            return [Unknown("recursion")]
        self._active.add(key)
        try:
            return answer()
        finally:
            self._active.discard(key)

    def _is_out_of_time(self) -> bool:
        """A bound for code that cannot be followed in reasonable time: what is left then stays unknown."""
        self._work += 1
        if self._work % 512 == 0 and time.monotonic() > self._deadline:
            self.gave_up = True
        return self.gave_up

    def argument(self, argument) -> list[Value]:
        """What a parameter was given: an expression with its frame, or who gives the values."""
        return argument() if callable(argument) else self.evaluate(*argument)

    def number(self, node: ast.AST, frame: Frame):
        """The Python value of the first candidate that has one, UNKNOWN_NUMBER where none has."""
        return concrete(self.evaluate(node, frame))

    def truth(self, node: ast.AST, frame: Frame) -> bool | None:
        """Whether a condition holds; None when it is not known."""
        if isinstance(node, ast.Compare) and is_main_test(node):
            return frame.module is self._project.main
        answers = {_truth_of(v) for v in self.evaluate(node, frame)}
        return answers.pop() if len(answers) == 1 else None


def _truth_of(value: Value) -> bool | None:
    if isinstance(value, Concrete):
        return bool(value.value)
    return True if isinstance(value, _ALWAYS_TRUE) else None


def _distinct(values: list[Value]) -> list[Value]:
    """Without what is the same value twice, and no more than can matter."""
    found: dict[tuple, Value] = {}
    for value in values:
        at = getattr(value, "node", None)
        key = (type(value), id(at), id(getattr(value, "frame", None))) if at is not None else (type(value), id(value))
        found.setdefault(key, value)
        if len(found) >= MAX_CANDIDATES:
            break
    return list(found.values()) or [Unknown("")]
