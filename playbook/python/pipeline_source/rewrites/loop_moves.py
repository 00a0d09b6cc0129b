"""Moves of the training loop itself: when garbage is collected."""

from __future__ import annotations

import ast

from ..stages.operations import NotApplicable
from .edits import Edits
from .stage_edits import text_files, with_helper


def gc_interval(analysis, steps: int = 100) -> tuple[dict[str, str], str]:
    """The loop collects garbage every so many steps, instead of Python in the middle of one."""
    loop = analysis.loop
    if loop is None:
        raise NotApplicable("no training loop was found")
    node, module = loop.node, loop.at.module
    if not isinstance(node, (ast.For, ast.While)):
        raise NotApplicable("the training loop is no for or while statement")
    for each in analysis.project.modules:
        for call in ast.walk(each.tree):
            if isinstance(call, ast.Attribute) and isinstance(call.value, ast.Name) and call.value.id == "gc":
                if not _is_inserted(each, call):
                    raise NotApplicable("the code looks after garbage collection itself")
    if "_autoresearch_collect(" in module.text:
        raise NotApplicable("the loop collects garbage at intervals already")
    first = node.body[0]
    if first.lineno == node.lineno or _shares_line(module, first):
        raise NotApplicable("the body of the loop stands on the line of something else")
    edits: dict[object, Edits] = {}
    at = with_helper(edits, module, "collected.py", "_autoresearch_collect = ")
    pad = module.lines[first.lineno - 1][: first.col_offset].decode("utf-8")
    line = module.source.starts[first.lineno - 1]
    at.insert(line, f"{pad}_autoresearch_collect({steps}){module.source.newline}")
    return text_files(edits), f"the loop at {module.path}:{node.lineno} collects garbage every {steps} steps"


def _is_inserted(module, node: ast.AST) -> bool:
    return any(isinstance(a, ast.FunctionDef) and a.name.startswith("_autoresearch") for a in module.ancestors(node))


def _shares_line(module, statement: ast.stmt) -> bool:
    return bool(module.lines[statement.lineno - 1][: statement.col_offset].strip())
