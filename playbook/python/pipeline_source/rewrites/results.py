"""Moves about what a stage gives: kept over epochs, made for several items at a time, passed on as it is done."""

from __future__ import annotations

import ast

from ..stages.gpu import is_gpu_stage
from ..stages.operations import (
    NotApplicable,
    given,
    is_chained,
    is_in_list,
    operation_node,
    operation_of,
    require_pipe,
    require_stage,
)
from ..stages.repeatable import why_not_repeatable
from ..stages.upstream import stages_before
from ..values.values import ExternalCall
from .edits import Edits
from .instrument import edits_of
from .stage_edits import place, refuse_if, text_files, with_helper, wrap_operation


def cache_stage(analysis, stage: str, megabytes: int = 1024) -> tuple[dict[str, str], str]:
    """What it makes of an item is kept in memory and given again, as a copy, in the next epoch."""
    found, target = require_stage(analysis, stage)
    refuse_if(_why_not_kept(analysis, found, target))
    edits: dict[object, Edits] = {}
    wrap_operation(edits, target, "kept.py", "_autoresearch_kept", f", {megabytes}")
    said = f"results of stage {stage} ({place(target)}) are kept in memory, at most {megabytes} MB"
    return text_files(edits), said


def cache_on_disk(analysis, stage: str, megabytes: int = 4096) -> tuple[dict[str, str], str]:
    """What found no room in memory is kept in a file of the job's own, and read again in the next epoch."""
    found, target = require_stage(analysis, stage)
    edits: dict[object, Edits] = {}
    node = operation_node(target)
    if wrapped_by(target) == "_autoresearch_kept":
        if len(node.args) != 2 or node.keywords:
            raise NotApplicable("its results are kept on disk already")
        at = edits_of(edits, target.step.frame.module)
        at.insert(at.end(node) - 1, f", {megabytes}")
    else:
        refuse_if(_why_not_kept(analysis, found, target))
        wrap_operation(edits, target, "kept.py", "_autoresearch_kept", f", 1024, {megabytes}")
    said = f"results of stage {stage} ({place(target)}) are kept on disk, at most {megabytes} MB, where memory is full"
    return text_files(edits), said


def _why_not_kept(analysis, found, target) -> str | None:
    wrapped = wrapped_by(target)
    if wrapped:
        return f"it is wrapped in {wrapped} already"
    if is_gpu_stage(analysis.flow, target):
        return "it works on the GPU"
    kind = found.pipeline.kind
    if any(s.kind == "to" for s in found.steps) or kind == "pytorch_dataloader":
        return "it runs in processes that share no memory"
    executor = given(target, "executor") if target.keyword is None else None
    if executor is not None and not _is_thread_pool(analysis, executor, target):
        return "its executor may be one of processes, which share no memory"
    if kind.startswith("subprocess") and _is_built_in_loop(found):
        return "each epoch has a new subprocess, which would begin with nothing"
    reason = why_not_repeatable(analysis, target)
    if reason:
        return reason
    earlier = stages_before(analysis, found, target)
    if earlier is None:
        return "what its items went through before could not be followed"
    for before in earlier:
        if before.kind in ("aggregate", "disaggregate"):
            return "it gets groups of items, which hardly come again as they were"
        if before.kind == "pipe" and (reason := why_not_repeatable(analysis, before)):
            return f"before it, {before.name}: {reason}"
    return None


def _is_thread_pool(analysis, node: ast.AST, target) -> bool:
    values = analysis.flow.evaluate(node, target.step.frame)
    return bool(values) and all(isinstance(v, ExternalCall) and v.name.endswith("ThreadPoolExecutor") for v in values)


def _is_built_in_loop(found) -> bool:
    pipeline = found.pipeline
    around = pipeline.frame.module.ancestors(pipeline.call)
    return any(isinstance(a, (ast.For, ast.While)) for a in around)


def batch_in_stage(analysis, stage: str, items: int = 8) -> tuple[dict[str, str], str]:
    """A task takes several items: what SPDL does for each task is done once for all of them."""
    found, target = require_pipe(analysis, stage)
    refuse_if(_why_not_grouped(analysis, found, target))
    edits: dict[object, Edits] = {}
    call = target.step.call
    wrap_operation(edits, target, "grouped.py", "_autoresearch_each")
    at = with_helper(edits, target.step.frame.module, "grouped.py", "_autoresearch_each = ")
    if is_chained(target):
        at.insert(at.end(call.func.value), f".aggregate(_autoresearch_group({items}))")
        at.insert(at.end(call), ".disaggregate()")
    else:
        at.insert(at.start(call), f"_autoresearch_grouped({items}), ")
        at.insert(at.end(call), ", _autoresearch_ungrouped()")
    return text_files(edits), f"a task of stage {stage} ({place(target)}) does {items} items"


def _why_not_grouped(analysis, found, target) -> str | None:
    operation = operation_of(analysis.flow, target)
    if operation is None:
        return "what it runs is not known for certain"
    if operation.kind != "plain":
        return f"it is a {operation.kind}"
    if wrapped_by(target) not in (None, "_autoresearch_kept"):
        return f"it is wrapped in {wrapped_by(target)} already"
    if is_gpu_stage(analysis.flow, target):
        return "it works on the GPU"
    before = found.stages[: found.stages.index(target)]
    kinds = [s.kind for s in before if s.kind in ("aggregate", "disaggregate")]
    if kinds and kinds[-1] == "aggregate":
        return "it gets groups of items already"
    if given(target, "executor") is not None:
        return "it has an executor of its own"
    if not (is_chained(target) or is_in_list(target)):
        return "its call stands neither in a chain nor in a list"
    return counts_tasks(found, target)


def counts_tasks(found, target) -> str | None:
    """Limits of failures, and hooks, that see tasks: another number of tasks would mean something else."""
    for call in (target.step.call, found.pipeline.call):
        for keyword in call.keywords:
            if keyword.arg in ("max_failures", "task_hook_factory") or keyword.arg is None:
                return f"{keyword.arg or '**options'} of the pipeline counts tasks"
    return None


def output_order(analysis, stage: str) -> tuple[dict[str, str], str]:
    """Items are passed on as they are done: a slow one holds none up."""
    found, target = require_pipe(analysis, stage)
    node = given(target, "output_order")
    if node is None:
        raise NotApplicable("it passes items on as they are done already")
    if not (isinstance(node, ast.Constant) and node.value == "input"):
        raise NotApplicable("which order it keeps is not written at its call")
    if any(s.kind in ("merge", "path_variants") for s in found.steps):
        raise NotApplicable("several streams meet in this pipeline, which may rely on the order")
    if analysis.loop is not None and len(analysis.loop.pipelines) > 1:
        raise NotApplicable("the loop takes from several pipelines, which may have to keep step")
    edits: dict[object, Edits] = {}
    at = edits[target.step.frame.module] = Edits(target.step.frame.module)
    at.replace_node(node, '"completion"')
    return text_files(edits), f"stage {stage} ({place(target)}) passes items on as they are done"


def wrapped_by(stage) -> str | None:
    """The helper of ours that its operation is wrapped in."""
    node = operation_node(stage)
    name = getattr(node.func, "id", "") if isinstance(node, ast.Call) else ""
    return name if name.startswith("_autoresearch_") else None
