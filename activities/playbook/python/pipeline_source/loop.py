"""A loop that may be the training loop."""

from __future__ import annotations

import ast
from dataclasses import dataclass

from .values import (
    Frame,
    Pipeline,
)


@dataclass(eq=False)
class Loop:
    """`kind` says how the rewrite takes hold of it: for, next (an iterator's makers), get_item, argument."""

    kind: str
    node: ast.AST
    # The expression whose value yields batches; for get_item the call itself.
    iterable: ast.AST
    frame: Frame
    pipelines: list[Pipeline]
    # For `next`: the expressions that make the iterator.
    makers: list[tuple[ast.AST, Frame]]
    score: float = 0.0
    followed: bool = True

    @property
    def module(self):
        return self.frame.module
