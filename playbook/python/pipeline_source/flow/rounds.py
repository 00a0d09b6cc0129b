"""The rounds of a loop over a sequence that stands in the code: one frame each, with the loop's names bound."""

from __future__ import annotations

import ast
from dataclasses import dataclass

from ..values.made import Made
from ..values.values import Frame
from .loop_elements import LoopElements, fix


@dataclass(eq=False)
class Rounds:
    """A loop that cannot be unrolled is one round, in the frame that it stands in."""

    _made: Made
    _elements: LoopElements

    def of(self, node: ast.AST, frame: Frame) -> list[tuple[tuple, Frame]]:
        """Frames of the rounds of a loop over a sequence in the code, each with its place in the order of execution."""
        plain = [((node.lineno, node.col_offset, 0), frame)]
        loop, child = None, node
        for parent in frame.module.ancestors(node):
            if parent is frame.scope.node:
                return plain
            if isinstance(parent, ast.For) and child is not parent.iter:
                loop = parent
                break
            child = parent
        if loop is None:
            return plain
        result = []
        for index, element in enumerate(self._elements.of(loop.iter, frame) or []):
            fixed = dict(frame.fixed)
            if not fix(loop.target, element, fixed):
                return plain
            inner = self._round(("round", id(loop), id(frame), index), frame, fixed)
            result.append(((loop.lineno, loop.col_offset, index), inner))
        return result or plain

    def of_comprehension(self, node: ast.DictComp | ast.ListComp | ast.GeneratorExp, frame: Frame) -> list[Frame]:
        """One frame for each element of a comprehension over one sequence in the code; none where it cannot be
        unrolled.
        """
        loop = node.generators[0]
        frames: list[Frame] = []
        for index, element in enumerate((self._elements.of(loop.iter, frame) or []) if len(node.generators) == 1 else []):
            fixed = dict(frame.fixed)
            if not fix(loop.target, element, fixed):
                return []
            frames.append(self._round(("entry", id(node), id(frame), index), frame, fixed))
        return frames

    def _round(self, key: tuple, frame: Frame, fixed: dict) -> Frame:
        return self._made.once(
            key, lambda: Frame(frame.scope, frame.parent, frame.args, frame.self_value, fixed, frame.depth)
        )
