"""Moves of a pipeline in a subprocess: out of it again, more room between the two, payloads in shared memory."""

from __future__ import annotations

import ast

from ..sources.syntax import CONTINUED_HELPER
from ..stages.operations import NotApplicable
from ..stages.upstream import sources_in_subprocess
from ..values.values import InCode, is_number
from .edits import Edits
from .instrument import edits_of
from .mtp import feeding
from .stage_edits import text_files, with_helper

_OWN = "_autoresearch_subprocess"
# What only the subprocess takes.
_OF_SUBPROCESS = {"buffer_size", "mp_context", "timeout", "daemon", "arena"}


def mtp_off(analysis) -> tuple[dict[str, str], str]:
    """The pipeline runs in threads of the main process."""
    back, _ = halves(analysis)
    call, module = back.pipeline.call, back.pipeline.frame.module
    edits: dict[object, Edits] = {}
    if _name(call) == CONTINUED_HELPER:
        at = edits[module] = Edits(module)
        _without(at, call, _OF_SUBPROCESS | {"main_process_stages", "make"})
    elif _name(call) == _OWN:
        at = edits[module] = Edits(module)
        _undo(at, call)
    else:
        if _name(call) != "run_pipeline_in_subprocess":
            raise NotApplicable(f"it is run by {_name(call)}")
        if any(k.arg in ("initializer", None) for k in call.keywords) or len(call.args) != 1:
            raise NotApplicable("its subprocess is prepared by an initializer or by **options")
        at = with_helper(edits, module, "in_process.py", "_autoresearch_in_process = ")
        at.replace_node(call.func, "_autoresearch_in_process")
        _without(at, call, _OF_SUBPROCESS)
    return text_files(edits), f"the pipeline at {module.path}:{call.lineno} runs in the main process"


def buffers(analysis, items: int = 8) -> tuple[dict[str, str], str]:
    """More batches may wait in both halves: at the end of the subprocess, on their way out of it, before the loop."""
    back, front = halves(analysis)
    call, module = back.pipeline.call, back.pipeline.frame.module
    if any(k.arg is None for k in call.keywords):
        raise NotApplicable("**options of its subprocess may say how many batches wait")
    edits: dict[object, Edits] = {}
    queue = next((k.value for k in call.keywords if k.arg == "buffer_size"), None)
    if queue is None:
        edits_of(edits, module).add_keyword(call, "buffer_size", str(items))
    elif isinstance(queue, ast.Constant) and is_number(queue.value) and queue.value < items:
        edits_of(edits, module).replace_node(queue, str(items))
    elif front is None or not _can_grow(analysis, front, items):
        raise NotApplicable("how many batches wait between the processes is set already")
    for half in (back, front):
        if half is not None and (home := _can_grow(analysis, half, items)):
            edits_of(edits, home[0]).replace_node(home[1], str(items))
    where = "in the subprocess, and as many on their way out of it"
    return text_files(edits), f"{items} batches may wait {where}{' and before the loop' if front else ''}"


def _can_grow(analysis, half, items: int):
    """(module, number) of a sink that holds fewer, where the number stands in the code."""
    sink = next((s.step for s in half.stages if s.kind == "sink" and s.step is not None), None)
    if sink is None or sink.kind != "add_sink":
        return None
    node = sink.argument(0, "buffer_size")
    for value in analysis.flow.evaluate(node, sink.frame) if node is not None else []:
        # None waiting at most means any number of them.
        if isinstance(value, InCode) and value.node is node and is_number(value.value) and 0 < value.value < items:
            return sink.frame.module, node
    return None


def arena(analysis, megabytes: int = 256) -> tuple[dict[str, str], str]:
    """Batches come out of the subprocess through one shared-memory ring, where there is room for it."""
    back, _ = halves(analysis)
    call, module = back.pipeline.call, back.pipeline.frame.module
    if any(k.arg in ("arena", None) for k in call.keywords):
        raise NotApplicable("it has an arena, or **options that may hold one")
    if _name(call) == CONTINUED_HELPER:
        raise NotApplicable("its call is come to in each epoch, and would make an arena in each")
    edits: dict[object, Edits] = {}
    at = with_helper(edits, module, "arena.py", "_autoresearch_arena = ")
    at.add_keyword(call, "arena", f"_autoresearch_arena({megabytes})")
    return text_files(edits), f"batches of the pipeline at {module.path}:{call.lineno} come through shared memory"


def halves(analysis):
    """(the pipeline in the subprocess, the one in front of it or None): the loop may take from either."""
    fed = feeding(analysis)
    if len(fed) > 1:
        raise NotApplicable("several pipelines feed the loop")
    front = fed[0]
    if front.pipeline.kind == "subprocess":
        return front, None
    if front.pipeline.kind == "subprocess_dataloader":
        raise NotApplicable("its subprocess is made by a DataLoader")
    backs = sources_in_subprocess(analysis, front)
    if not backs:
        raise NotApplicable("the pipeline does not run in a subprocess")
    if len(backs) > 1:
        raise NotApplicable("several subprocesses feed the pipeline")
    back = next((f for f in analysis.found if f.pipeline.call is backs[0].call), None)
    if back is None or back.pipeline.kind != "subprocess":
        raise NotApplicable("how the subprocess that feeds the pipeline is made could not be followed")
    return back, front


def _name(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")


def _undo(at: Edits, call: ast.Call) -> None:
    """`_autoresearch_subprocess(builder.get_config(), …)` was `builder.build(…)`, with a config build_pipeline(…)."""
    config = call.args[0]
    _without(at, call, _OF_SUBPROCESS | {"main_process_stages"})
    is_builder = isinstance(config, ast.Call) and isinstance(config.func, ast.Attribute)
    if is_builder and config.func.attr == "get_config" and not config.args:
        receiver = config.func.value
        at.replace(at.start(call), at.start(receiver), "")
        rest = call.keywords[0] if call.keywords else None
        kept = [k for k in call.keywords if k.arg not in _OF_SUBPROCESS | {"main_process_stages"}]
        if rest is None or not kept or kept[0] is not rest:
            raise NotApplicable("what the pipeline is built with stands in another order than expected")
        start = at.start(rest.value) - len(f"{rest.arg}=")
        at.replace(at.end(receiver), start, ".build(")
        return
    if "build_pipeline" not in at.module.scope.bindings:
        raise NotApplicable(f"{at.module.path} does not import build_pipeline")
    at.replace_node(call.func, "build_pipeline")


def _without(at: Edits, call: ast.Call, names: set[str]) -> None:
    """Takes keywords out, each with the comma before it."""
    data = at.module.text.encode("utf-8")
    parts = sorted([*call.args, *[k.value for k in call.keywords]], key=at.start)
    for keyword in call.keywords:
        if keyword.arg in names:
            before = [p for p in parts if at.end(p) <= at.start(keyword.value) - len(keyword.arg)]
            if not before:
                raise NotApplicable(f"{keyword.arg} is the first of its arguments")
            comma = data.index(b",", at.end(before[-1]))
            at.replace(comma, at.end(keyword.value), "")
