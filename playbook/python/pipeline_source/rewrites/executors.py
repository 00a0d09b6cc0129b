"""Threads of a stage's own, and threads shared by priority: who waits for whom is no longer left to chance."""

from __future__ import annotations

import ast

from ..stages.operations import NotApplicable, given, operation_of, require_pipe
from ..values.values import is_number
from .edits import Edits
from .stage_edits import place, refuse_if, statement_of, text_files
from .instrument import edits_of
from .mtp import feeding

THREADS_MOST = 32


def own_executor(analysis, stage: str, workers: int | None = None) -> tuple[dict[str, str], str]:
    """A ThreadPoolExecutor for this stage alone, with as many threads as it has tasks."""
    found, target = require_pipe(analysis, stage)
    refuse_if(why_no_executor(analysis, target))
    count = workers or _concurrency(analysis, target)
    edits: dict[object, Edits] = {}
    at = edits_of(edits, target.step.frame.module)
    import_name(at, target, "concurrent.futures", "ThreadPoolExecutor")
    set_executor(at, target, f"ThreadPoolExecutor(max_workers={count})")
    return text_files(edits), f"stage {stage} ({place(target)}) has {count} threads of its own"


def priority_executor(analysis, workers: int | None = None) -> tuple[dict[str, str], str]:
    """One pool for all plain stages of the pipeline in which later stages come first."""
    fed = feeding(analysis)
    if len(fed) > 1:
        raise NotApplicable("several pipelines feed the loop")
    found = fed[0]
    if any(s.kind == "to" for s in found.steps):
        raise NotApplicable("the pipeline has regions (.to(...)), which say where its stages run")
    if found.pipeline.kind not in ("build", "build_pipeline"):
        raise NotApplicable(f"it is made by {found.pipeline.kind}")
    stages = [s for s in found.stages if s.kind == "pipe" and s.step is not None and s.step.kind == "pipe"]
    taken = [require_pipe(analysis, s.name)[1] for s in stages if why_no_executor(analysis, s) is None]
    if len(taken) < 2:
        raise NotApplicable("fewer than two of its stages can share threads")
    frames = {id(s.step.frame) for s in taken}
    if len(frames) > 1 or not isinstance(taken[0].step.frame.scope.node, (ast.FunctionDef, ast.Module)):
        raise NotApplicable("its stages are added in several places")
    module = taken[0].step.frame.module
    statements = [statement_of(module, s.step.call) for s in taken]
    first = min(statements, key=lambda s: s.lineno)
    body = getattr(module.parents[first], "body", [])
    if not all(s in body for s in statements):
        raise NotApplicable("its stages are added under different conditions")
    if module.text.encode("utf-8")[module.source.starts[first.lineno - 1] :][: first.col_offset].strip():
        raise NotApplicable("the statement that adds the first stage shares its line")
    threads = found.facts["numThreads"]["value"]
    count = workers or threads
    if not count:
        raise NotApplicable("how many threads the pipeline has could not be seen")
    edits: dict[object, Edits] = {}
    at = edits_of(edits, module)
    import_name(at, taken[0], "spdl.pipeline", "PriorityThreadPoolExecutor")
    line = module.source.starts[first.lineno - 1]
    pad = module.lines[first.lineno - 1][: first.col_offset].decode("utf-8")
    pool = "_autoresearch_pool"
    if pool in module.text:
        raise NotApplicable("its stages share threads by priority already")
    at.insert(line, f"{pad}{pool} = PriorityThreadPoolExecutor(max_workers={count}){module.source.newline}")
    for priority, each in enumerate(taken):
        set_executor(at, each, f"{pool}.get_executor(priority={priority})")
    names = ", ".join(s.name for s in taken)
    return text_files(edits), f"{names} share {count} threads, of which the later stage gets the next one that is free"


def why_no_executor(analysis, stage) -> str | None:
    operation = operation_of(analysis.flow, stage)
    if operation is None:
        return "what it runs is not known for certain"
    if operation.kind == "coroutine":
        return "it is a coroutine, which runs in no thread of a pool"
    if given(stage, "executor") is not None:
        return "it has an executor already"
    return None


def _concurrency(analysis, stage) -> int:
    node = stage.step.argument(99, "concurrency")
    value = analysis.flow.number(node, stage.step.frame) if node is not None else 1
    if not is_number(value):
        raise NotApplicable("how many tasks it has could not be seen")
    return max(1, min(THREADS_MOST, int(value)))


def set_executor(at: Edits, stage, text: str) -> None:
    node = stage.step.argument(99, "executor")
    if node is not None:
        at.replace_node(node, text)
    else:
        at.add_keyword(stage.step.call, "executor", text)


def import_name(at: Edits, stage, library: str, name: str) -> None:
    frame = stage.step.frame
    binder = frame.that_binds(name)
    if binder is None:
        at.insert_block(f"# [autoresearch] threads of stages\nfrom {library} import {name}")
        return
    bound = binder.scope.bindings[name]
    if len(bound) != 1 or bound[0].kind != "import" or getattr(bound[0].node, "module", "") != library:
        raise NotApplicable(f"{frame.module.path} means something else by {name}")
