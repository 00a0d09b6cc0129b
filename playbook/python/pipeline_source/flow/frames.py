"""Frames: a scope with any caller, or with what the parameters of one call stand for."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field

from ..sources.scopes import parameters
from ..values.made import Made
from ..values.values import DictOf, Frame, Function, SequenceOf, Unknown, Value
from .evaluator import Evaluator

MAX_CALL_DEPTH = 8
# Contexts of one function that are kept apart; further calls of it are taken together.
MAX_CONTEXTS = 24


@dataclass(eq=False)
class Frames:
    """Each call that is followed has a frame of its own, so that callers of one function are kept apart."""

    _made: Made
    _evaluator: Evaluator
    _open: dict[int, Frame] = field(default_factory=dict, init=False)
    _bound: dict[tuple, Frame] = field(default_factory=dict, init=False)
    _contexts: dict[int, int] = field(default_factory=dict, init=False)

    def open(self, scope) -> Frame:
        """The scope with any caller."""
        frame = self._open.get(id(scope))
        if frame is None:
            parent = self.open(scope.parent) if scope.parent else None
            frame = self._open[id(scope)] = Frame(scope, parent)
        return frame

    def at(self, module, node: ast.AST) -> Frame:
        return self.open(module.scope_at(node))

    def bind(
        self, function: Function, calls: list[tuple[ast.Call, Frame]], receiver: Value | None, limited: bool = True
    ) -> Frame:
        """Frame of a call; several calls are those of functools.partial and then the call itself."""
        key = (id(function.node), id(receiver), *[(id(c), id(f)) for c, f in calls])
        if key in self._bound:
            return self._bound[key]
        scope = function.module.scopes[function.node]
        depth = 1 + max([f.depth for _, f in calls], default=0)
        contexts = self._contexts.get(id(scope), 0)
        if limited and (depth > MAX_CALL_DEPTH or contexts >= MAX_CONTEXTS):
            # Recursion, or a chain so long that any caller may be meant.
            return self._made.once(
                ("deep", id(scope), id(receiver)), lambda: Frame(scope, function.frame, None, receiver)
            )
        self._contexts[id(scope)] = contexts + 1
        # Identities are keys, so what they belong to must stay.
        self._made.keep((receiver, calls))
        names = [a.arg for a in parameters(function.node.args)]
        positional = names[: len(function.node.args.posonlyargs) + len(function.node.args.args)]
        if receiver is not None and positional:
            positional = positional[1:]
        args: dict[str, object] = {}
        spreads: list[tuple[ast.AST, Frame]] = []
        extra: list[tuple[object, ast.AST]] = []
        given = self._positional(calls)
        args.update(zip(positional, (each for each in given if each is not None)))
        extra_frame = calls[-1][1] if calls else function.frame
        for call, frame in calls:
            for keyword in call.keywords:
                if keyword.arg is None:
                    spreads.append((keyword.value, frame))
                elif keyword.arg in names:
                    args[keyword.arg] = (keyword.value, frame)
                else:
                    extra.append((keyword.arg, keyword.value))
        frame = Frame(scope, function.frame, args, receiver, depth=depth)
        for name in names:
            if name not in args and spreads:
                args[name] = Spread(self._evaluator, spreads, name)
        rest = given[len(positional) :]
        if function.node.args.vararg is not None and None not in given and len({id(f) for _, f in rest}) <= 1:
            elements = SequenceOf([e for e, _ in rest], rest[0][1] if rest else extra_frame)
            args[function.node.args.vararg.arg] = lambda: [elements]
        if function.node.args.kwarg is not None:
            args[function.node.args.kwarg.arg] = lambda: [DictOf(extra, [e for e, _ in spreads], extra_frame)]
        self._bound[key] = frame
        return frame


    def _positional(self, calls: list[tuple[ast.Call, Frame]]) -> list[tuple[ast.AST, Frame] | None]:
        """What is given by place, each with its frame, up to a `*sequence` of which the elements are not known: a
        None.
        """
        given: list[tuple[ast.AST, Frame] | None] = []
        for call, frame in calls:
            for arg in call.args:
                if not isinstance(arg, ast.Starred):
                    given.append((arg, frame))
                    continue
                spread = next((v for v in self._evaluator.evaluate(arg.value, frame) if isinstance(v, SequenceOf)), None)
                if spread is None or any(isinstance(e, ast.Starred) for e in spread.elements):
                    return [*given, None]
                given += [(e, spread.frame) for e in spread.elements]
        return given


class Spread:
    """A parameter that `**mapping` may give; its default counts when the mapping has no such key."""

    def __init__(self, evaluator: Evaluator, spreads, name: str) -> None:
        self._evaluator, self._spreads, self._name = evaluator, spreads, name

    def __call__(self) -> list[Value]:
        found: list[Value] = []
        for expression, frame in self._spreads:
            for value in self._evaluator.evaluate(expression, frame):
                found += [
                    v for v in self._evaluator.item(value, self._name, expression, frame) if not isinstance(v, Unknown)
                ]
        return found or [Unknown(f"parameter {self._name}")]
