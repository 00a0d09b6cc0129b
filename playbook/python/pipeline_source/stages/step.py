"""One call that adds a stage, whichever way it is found: by calls of a builder, or in a pipeline's configuration."""

from __future__ import annotations

import ast
from dataclasses import dataclass

from ..values.values import Frame


@dataclass(eq=False)
class Step:
    """One call that adds a stage: builder.pipe(…) or Pipe(…), with the frame in which its arguments are read."""

    kind: str
    call: ast.Call
    frame: Frame
    # Added only under a condition that is not known, or in a loop.
    uncertain: bool = False

    def argument(self, position: int, name: str) -> ast.AST | None:
        if position < len(self.call.args) and not any(
            isinstance(a, ast.Starred) for a in self.call.args[: position + 1]
        ):
            return self.call.args[position]
        return next((k.value for k in self.call.keywords if k.arg == name), None)

    @property
    def has_spread(self) -> bool:
        return any(k.arg is None for k in self.call.keywords) or any(isinstance(a, ast.Starred) for a in self.call.args)


def is_uncertain(flow, node: ast.AST, frame: Frame) -> bool:
    """Whether a step is added under a condition that is not known, or in a loop that is not unrolled."""
    child = node
    for parent in frame.module.ancestors(node):
        if parent is frame.scope.node:
            return False
        if isinstance(parent, ast.If) and flow.truth(parent.test, frame) is None:
            return True
        runs_over = isinstance(parent, ast.For) and child is parent.iter
        if isinstance(parent, (ast.For, ast.While, ast.ExceptHandler)) and not frame.fixed and not runs_over:
            return True
        child = parent
    return False


def is_name(name: str):
    return lambda node: isinstance(node, ast.Name) and node.id == name
