"""A loop that may be the training loop."""

from __future__ import annotations

import ast
from dataclasses import dataclass

from ..values.values import (
    Frame,
    Pipeline,
)


@dataclass(eq=False)
class Loop:
    """`kind` says how the rewrite takes hold of it: for, next (an iterator's makers), get_item, window, argument."""

    kind: str
    node: ast.AST
    # The expression whose value yields batches; for get_item and window the call that fetches.
    iterable: ast.AST
    frame: Frame
    pipelines: list[Pipeline]
    # Where not at the iterable itself: the expressions that make the iterator, or that only training is fed from.
    makers: list[tuple[ast.AST, Frame]]
    score: float = 0.0
    followed: bool = True
    # Where the loop itself stands, when its batches are fetched in another function.
    place: Frame | None = None
    # Everything that feeds it is evaluation, as far as names tell.
    evaluates: bool = False

    @property
    def module(self):
        """Where the batches are fetched."""
        return self.frame.module

    @property
    def at(self) -> Frame:
        return self.place or self.frame

    @property
    def sources(self) -> list[tuple[ast.AST, Frame]]:
        """What is wrapped."""
        return self.makers or [(self.iterable, self.frame)]
