"""Batches that are fetched before the loop over them: `list(islice(batches, 4))`, `[next(batches) for …]`,
`list(pipeline)`.

They may be fetched by a function of the project, which gives or yields them.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass

from ..flow.dataflow import Flow
from ..sources.syntax import WINDOW_HELPER, own_statements, simple_name
from ..values.values import Frame, Function, Generator, Method
from .iterables import Iterables
from .loop import Loop
from .places import Places
from .streams import Streams

_GATHERING = {"list", "tuple", "sorted", "set", "deque"}
_BOUNDED = {"islice", "take", "batched", "chunked"}
_COMPREHENSIONS = (ast.ListComp, ast.SetComp)


@dataclass(eq=False)
class Windows:
    """Finds where batches are fetched beforehand, and makes the loops of it."""

    _flow: Flow
    _streams: Streams
    _iterables: Iterables
    _places: Places

    def gathered(
        self, node: ast.AST, frame: Frame, depth: int = 0, path: tuple[int, ...] = ()
    ) -> tuple[ast.AST, Frame] | None:
        """The expression that fetches all batches of a loop before its first round, or None; `path` is that of a
        tuple's part.
        """
        for index in path if isinstance(node, (ast.Tuple, ast.List)) else ():
            if not isinstance(node, (ast.Tuple, ast.List)) or index >= len(node.elts):
                return None
            node, path = node.elts[index], path[1:]
        if path and not isinstance(node, ast.Call):
            return None
        if _is_gathering(node) and not path:
            return node, frame
        if isinstance(node, ast.Call) and simple_name(node.func) in ("enumerate", "tqdm", "iter", "zip", "reversed"):
            inner = next((a for a in node.args if self._streams.of(a, frame)), None)
            return self.gathered(inner, frame, depth + 1) if inner is not None and depth < 6 else None
        if isinstance(node, ast.Call) and depth < 6:
            return self._gathered_by_call(node, frame, depth, path)
        if not isinstance(node, ast.Name) or depth > 6:
            return None
        at = frame.that_binds(node.id)
        for binding in self._flow.names.reaching(at.scope, node.id, at, node if at is frame else None) if at is not None else []:
            if binding.kind == "assign":
                return self.gathered(binding.value, at, depth + 1, binding.path)
        return None

    def _gathered_by_call(
        self, node: ast.Call, frame: Frame, depth: int, path: tuple[int, ...]
    ) -> tuple[ast.AST, Frame] | None:
        """`self.get_batch_samples(batches, 4)`: what the function returns, where that comes from a pipeline."""
        for callee in self._flow.evaluate(node.func, frame):
            function = callee.function if isinstance(callee, Method) else callee
            if not isinstance(function, Function) or isinstance(function.node, ast.Lambda):
                continue
            inner = self._flow.frames.bind(function, [(node, frame)], callee.receiver if isinstance(callee, Method) else None)
            for statement in own_statements(function.node):
                if isinstance(statement, ast.Return) and statement.value is not None:
                    found = self.gathered(statement.value, inner, depth + 1, path)
                    if found is not None and self._feeding(*found):
                        return found
        return None

    def windows_yielded(self, node: ast.AST, frame: Frame) -> tuple[ast.AST, Frame] | None:
        """The expression that fetches the window which a generator of the project yields in each round."""
        for value in self._flow.evaluate(node, frame):
            for statement in own_statements(value.function.node) if isinstance(value, Generator) else []:
                if isinstance(statement, ast.Yield) and statement.value is not None:
                    found = self.gathered(statement.value, value.frame, 1)
                    if found is not None and _is_bounded(_contents_of(found[0])) and self._feeding(*found):
                        return found
        return None

    def loop_of_yielded(self, loop: ast.AST, frame: Frame, node: ast.AST, inner: Frame) -> list[Loop]:
        content = _contents_of(node)
        return [
            Loop("window", loop, node, inner, self._feeding(node, inner), self._makers_in(content, inner), place=frame)
        ]

    def _feeding(self, node: ast.AST, frame: Frame) -> list:
        """The pipelines that what is gathered comes from."""
        content = _contents_of(node)
        inner = content.generators[0].iter if isinstance(content, (*_COMPREHENSIONS, ast.GeneratorExp)) else content
        taken = _next_call(content)
        return self._streams.of(taken.args[0] if taken is not None else inner, frame)

    def loop_of_gathered(self, loop: ast.AST, node: ast.AST, frame: Frame) -> list[Loop]:
        """A window in each round of a loop is one step; where all batches are fetched at once, each of them is."""
        module = frame.module
        content = _contents_of(node)
        inner = content.generators[0].iter if isinstance(content, (*_COMPREHENSIONS, ast.GeneratorExp)) else content
        pipelines = self._feeding(node, frame)
        around = self._places.loops_around(module, node)
        if _is_bounded(content) and around:
            return [
                Loop("window", place, node, frame, pipelines, self._makers_in(content, frame), place=at)
                for place, at in around
            ]
        if not pipelines:
            return []
        iterable = self._iterables.innermost(inner, frame)
        return [Loop("for", loop, iterable, frame, self._streams.of(iterable, frame) or pipelines, [])]

    def _makers_in(self, content: ast.AST, frame: Frame) -> list[tuple[ast.AST, Frame]]:
        """What makes the iterator that a window is taken from; the iterable itself where it is no iterator."""
        taken = _next_call(content)
        if taken is not None:
            return self._iterables.makers(taken.args[0], frame)
        if isinstance(content, (*_COMPREHENSIONS, ast.GeneratorExp)):
            content = content.generators[0].iter
        inner = self._iterables.innermost(content, frame)
        return (self._iterables.makers(inner, frame) if isinstance(inner, (ast.Name, ast.Attribute)) else []) or [(inner, frame)]


def _contents_of(node: ast.AST) -> ast.AST:
    """What a gathering call gathers; a comprehension gathers itself."""
    if isinstance(node, ast.Call) and simple_name(node.func) == WINDOW_HELPER:
        last = node.args[-1]
        return last.body if isinstance(last, ast.Lambda) else last
    return node.args[0] if isinstance(node, ast.Call) else node


def _next_call(content: ast.AST) -> ast.Call | None:
    """In `[next(batches) for …]`."""
    if not isinstance(content, (*_COMPREHENSIONS, ast.GeneratorExp)):
        return None
    calls = [n for n in ast.walk(content.elt) if isinstance(n, ast.Call)]
    return next((c for c in calls if simple_name(c.func) == "next" and c.args), None)


def _is_bounded(content: ast.AST) -> bool:
    """Some batches of more: islice(batches, n), next(batches) for …."""
    if isinstance(content, (*_COMPREHENSIONS, ast.GeneratorExp)):
        return _next_call(content) is not None or _is_bounded(content.generators[0].iter)
    if not isinstance(content, ast.Call):
        return False
    name = simple_name(content.func)
    ranges = name == "zip" and any(isinstance(a, ast.Call) and simple_name(a.func) == "range" for a in content.args)
    return name in _BOUNDED or ranges


def _is_gathering(node: ast.AST) -> bool:
    if isinstance(node, ast.Call) and simple_name(node.func) == WINDOW_HELPER:
        return True
    if isinstance(node, _COMPREHENSIONS):
        return True
    return isinstance(node, ast.Call) and simple_name(node.func) in _GATHERING and len(node.args) == 1
