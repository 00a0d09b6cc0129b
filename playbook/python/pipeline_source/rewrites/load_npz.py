"""numpy.load of archives becomes spdl.io.load_npz, which reads them without the interpreter's lock."""

from __future__ import annotations

import ast

from ..sources.syntax import own_statements
from ..stages.operations import NotApplicable, operation_of, require_stage
from ..values.values import External
from .edits import Edits
from .stage_edits import place, text_files, with_helper


def load_npz(analysis, stage: str) -> tuple[dict[str, str], str]:
    """Calls of numpy.load in the stage's function whose result is read by keys of text."""
    _, target = require_stage(analysis, stage)
    operation = operation_of(analysis.flow, target)
    if operation is None or not operation.functions:
        raise NotApplicable("what it runs is no function of the project that is known for certain")
    calls = [(f.module, c) for f, _ in operation.functions for c in _archive_loads(analysis, f)]
    if not calls:
        raise NotApplicable("it reads no archive of arrays (numpy.load(…)[key])")
    edits: dict[object, Edits] = {}
    for module, call in calls:
        at = with_helper(edits, module, "npz.py", "_autoresearch_load_npz = ")
        at.replace_node(call.func, "_autoresearch_load_npz")
    return text_files(edits), f"stage {stage} ({place(target)}) reads archives by spdl.io.load_npz"


def _archive_loads(analysis, function) -> list[ast.Call]:
    module = function.module
    found = []
    for node in own_statements(function.node):
        if not isinstance(node, ast.Call) or len(node.args) != 1 or node.keywords:
            continue
        callees = analysis.flow.evaluate(node.func, analysis.flow.frames.at(module, node))
        if not any(isinstance(v, External) and v.name == "numpy.load" for v in callees):
            continue
        parent = module.parents.get(node)
        if isinstance(parent, ast.Subscript) and _is_key(parent):
            found.append(node)
        elif isinstance(parent, ast.withitem) and isinstance(parent.optional_vars, ast.Name):
            if _only_keys(function, parent.optional_vars.id):
                found.append(node)
        elif isinstance(parent, ast.Assign) and len(parent.targets) == 1 and isinstance(parent.targets[0], ast.Name):
            if _only_keys(function, parent.targets[0].id):
                found.append(node)
    return found


def _is_key(node: ast.Subscript) -> bool:
    return isinstance(node.slice, ast.Constant) and isinstance(node.slice.value, str)


def _only_keys(function, name: str) -> bool:
    """Whether all that is done with it is to take arrays by their names."""
    parents = function.module.parents
    uses = [
        n
        for n in own_statements(function.node)
        if isinstance(n, ast.Name) and n.id == name and isinstance(n.ctx, ast.Load)
    ]
    return bool(uses) and all(isinstance(parents.get(n), ast.Subscript) and _is_key(parents[n]) for n in uses)
