"""Where code runs again and again: the loops around an expression, through the functions that lead to it."""

from __future__ import annotations

import ast
from dataclasses import dataclass

from ..flow.dataflow import Flow
from ..sources.syntax import simple_name
from ..values.values import Frame, Function, Method

MAX_CALLS_UP = 8
LOOPS = (ast.For, ast.AsyncFor, ast.While)
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


@dataclass(eq=False)
class Places:
    """Asked by the readers of calls that fetch a batch: which loop does the call stand in?"""

    _flow: Flow

    def loops_around(self, module, node: ast.AST) -> list[tuple[ast.AST, Frame]]:
        """The innermost loops that evaluate an expression in each round, each with the frame that it stands in."""
        places = self._nearest(module, node, ())
        outer: set[int] = set()
        for place, frame in places if len(places) > 1 else []:
            # Reached through a constructor or reset as well: the loop over epochs is not the one over batches.
            waiting = [(place, frame)]
            while waiting:
                at, inside = waiting.pop()
                for found in self._nearest(inside.module, at, ()):
                    if id(found[0]) not in outer and found[0] is not place:
                        outer.add(id(found[0]))
                        waiting.append(found)
        return [p for p in places if id(p[0]) not in outer]

    def _nearest(self, module, node: ast.AST, seen: tuple[int, ...]) -> list[tuple[ast.AST, Frame]]:
        child = node
        for parent in module.ancestors(node):
            if isinstance(parent, LOOPS) and child is not getattr(parent, "iter", None):
                return [(parent, self._flow.frames.at(module, parent))]
            if isinstance(parent, FUNCTIONS):
                # Whoever iterates over the object is found as a loop of its own.
                if parent.name == "__next__" or id(parent) in seen or len(seen) >= MAX_CALLS_UP:
                    return []
                return self._loops_that_call(module, parent, (*seen, id(parent)))
            if isinstance(parent, ast.Lambda) and not isinstance(module.parents[parent], ast.Call):
                return self._loops_that_call(module, parent, (*seen, id(parent)))
            child = parent
        return []

    def _loops_that_call(self, module, function, seen) -> list[tuple[ast.AST, Frame]]:
        found: list[tuple[ast.AST, Frame]] = self._loops_until_sentinel(function)
        value = Function(function, module, self._flow.frames.at(module, function))
        callers = [(call, frame) for call, frame, _ in self._flow.callers.of(value)] or self._calls_under_other_names(function)
        for call, frame in callers:
            for place in self._nearest(frame.module, call, seen):
                if all(place[0] is not known for known, _ in found):
                    found.append(place)
        return found

    def _loops_until_sentinel(self, function) -> list[tuple[ast.AST, Frame]]:
        """`for batch in iter(prefetcher.next, None)` calls it in each round."""
        found = []
        for module, call in self._flow.index.calls.get("iter", []):
            parent = module.parents.get(call)
            if len(call.args) == 2 and isinstance(parent, (ast.For, ast.AsyncFor)):
                frame = self._flow.frames.at(module, call)
                if any(_is_function(v, function) for v in self._flow.evaluate(call.args[0], frame)):
                    found.append((parent, frame))
        return found

    def _calls_under_other_names(self, function) -> list[tuple[ast.Call, Frame]]:
        """Calls of a function that was returned, stored or passed on, and so is not called by its name."""
        found = []
        for calls in list(self._flow.index.calls.values()):
            for module, call in calls:
                if isinstance(call.func, (ast.Name, ast.Attribute)) and simple_name(call.func) not in ("iter", "print"):
                    frame = self._flow.frames.at(module, call)
                    if any(_is_function(v, function) for v in self._flow.evaluate(call.func, frame)):
                        found.append((call, frame))
        return found


def _is_function(value, function) -> bool:
    if isinstance(value, Method):
        value = value.function
    return isinstance(value, Function) and value.node is function
