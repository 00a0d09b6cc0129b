"""What moves of single stages have in common: a helper put into a module once, and an operation wrapped in it."""

from __future__ import annotations

import ast

from ..stages.operations import NotApplicable, operation_node
from .edits import Edits
from .instrument import INLINED, edits_of


def with_helper(edits: dict, module, file: str, mark: str) -> Edits:
    """The module's edits, with the block of `inlined/<file>` put in unless the module holds `mark` already."""
    at = edits_of(edits, module)
    if mark not in module.text and file not in at.blocks:
        at.blocks.add(file)
        at.insert_block((INLINED / file).read_text("utf-8"))
    return at


def wrap_operation(edits: dict, stage, file: str, helper: str, more: str = "") -> None:
    """`op` becomes `helper(op, more)`."""
    node = operation_node(stage)
    at = with_helper(edits, stage.step.frame.module, file, f"{helper} = ")
    at.wrap(node, f"{helper}(", f"{more})")


def text_files(edits: dict) -> dict[str, str]:
    return {module.path: at.result() for module, at in edits.items()}


def place(stage) -> str:
    return f"{stage.step.frame.module.path}:{stage.step.call.lineno}"


def refuse_if(reason: str | None) -> None:
    if reason:
        raise NotApplicable(reason)


def statement_of(module, node: ast.AST) -> ast.stmt:
    return next(a for a in module.ancestors(node) if isinstance(a, ast.stmt))
