"""Two neighbouring stages as one: an item is handed over once less, and holds one task."""

from __future__ import annotations

import ast

from ..sources.syntax import base_name
from ..stages.gpu import is_gpu_stage
from ..stages.operations import (
    NotApplicable,
    is_chained,
    is_in_list,
    operation_node,
    operation_of,
    require_pipe,
)
from ..values.values import is_number
from .edits import Edits
from .results import counts_tasks, wrapped_by
from .stage_edits import place, refuse_if, statement_of, text_files, with_helper

# A name stays with the first stage; the second one's has nothing to name any more.
_KEYWORDS = {"concurrency", "name", "output_order"}


def merge_stages(analysis, stage: str) -> tuple[dict[str, str], str]:
    """The stage and the one after it run as one stage, with the greater of their concurrencies."""
    found, first = require_pipe(analysis, stage)
    calls = [step.call for step in found.steps]
    after = calls[calls.index(first.step.call) + 1 :][:1] if first.step.call in calls else []
    following = next((s for s in found.stages if s.step is not None and s.step.call in after), None)
    if following is None or following.kind != "pipe":
        raise NotApplicable("no plain stage follows it directly")
    _, second = require_pipe(analysis, following.name)
    for each in (first, second):
        refuse_if(_why_not(analysis, found, each))
    if _order(first) != _order(second):
        raise NotApplicable(f"{first.name} and {second.name} keep different orders")
    edits: dict[object, Edits] = {}
    module = first.step.frame.module
    if second.step.frame is not first.step.frame:
        raise NotApplicable(f"{first.name} and {second.name} are added in different functions")
    at = with_helper(edits, module, "chained.py", "_autoresearch_chained = ")
    node, other = operation_node(first), operation_node(second)
    at.wrap(node, "_autoresearch_chained(", f", {module.text_of(other)})")
    _set_concurrency(analysis, at, first, second)
    call = second.step.call
    if is_chained(first) and is_chained(second):
        _require_meaning(first, second, other)
        at.replace(at.end(call.func.value), at.end(call), "")
    elif is_in_list(first) and is_in_list(second) and module.parents[first.step.call] is module.parents[call]:
        at.replace(at.end(first.step.call), at.end(call), "")
    else:
        raise NotApplicable(f"{first.name} and {second.name} stand neither in one chain nor in one list")
    return text_files(edits), f"stages {first.name} and {second.name} ({place(first)}) run as one"


def _why_not(analysis, found, stage) -> str | None:
    operation = operation_of(analysis.flow, stage)
    if operation is None:
        return f"what {stage.name} runs is not known for certain"
    if operation.kind != "plain":
        return f"{stage.name} is a {operation.kind}"
    if wrapped_by(stage) is not None:
        return f"{stage.name} is wrapped in {wrapped_by(stage)} already"
    if is_gpu_stage(analysis.flow, stage):
        return f"{stage.name} works on the GPU"
    more = {k.arg for k in stage.step.call.keywords} - _KEYWORDS
    if more:
        return f"{stage.name} has {', '.join(sorted(str(m) for m in more))} of its own"
    return counts_tasks(found, stage)


def _order(stage) -> str:
    node = stage.step.argument(99, "output_order")
    return ast.dump(node) if node is not None else ast.dump(ast.Constant("completion"))


def _set_concurrency(analysis, at: Edits, first, second) -> None:
    def value_of(stage) -> int:
        node = stage.step.argument(99, "concurrency")
        value = analysis.flow.number(node, stage.step.frame) if node is not None else 1
        if not is_number(value):
            raise NotApplicable(f"how many tasks {stage.name} has could not be seen")
        return int(value)

    if value_of(second) <= value_of(first):
        return
    given = second.step.argument(99, "concurrency")
    text = at.module.text_of(given)
    own = first.step.argument(99, "concurrency")
    if own is not None:
        at.replace_node(own, text)
    else:
        at.add_keyword(first.step.call, "concurrency", text)


def _require_meaning(first, second, node: ast.AST) -> None:
    """Where the second stage is added by a later statement, its operation must be known before the first is added."""
    module = second.step.frame.module
    if statement_of(module, first.step.call) is statement_of(module, second.step.call):
        return
    scope = second.step.frame.scope
    name = base_name(node)
    rebound = [b for b in scope.bindings.get(name, []) if b.kind == "assign"]
    used = {n.id for n in ast.walk(node) if isinstance(n, ast.Name)}
    later = [
        b
        for each in used
        for b in scope.bindings.get(each, [])
        if getattr(b.node, "lineno", 0) > first.step.call.end_lineno
    ]
    if isinstance(node, ast.Lambda) or not name or later or (scope.is_function and rebound):
        raise NotApplicable(f"what {second.name} runs is made between the two")
