"""MTP: the training loop's pipeline moves to a subprocess; only the call that builds it changes."""

from __future__ import annotations

import ast

from ..sources.syntax import CONTINUED_HELPER, simple_name
from ..stages.gpu import is_gpu_stage
from ..values.values import DictOf
from .edits import Edits, RewriteRefused
from .instrument import INLINED

_BUILD_OPTIONS = {
    "max_failures",
    "report_stats_interval",
    "queue_class",
    "task_hook_factory",
    "stage_id",
    "use_thread_output_queue",
    "num_threads",
    "background_tasks",
}


def mtp(analysis) -> tuple[dict[str, str], str]:
    targets = targets_of(analysis)
    edits: dict[object, Edits] = {}
    for found in targets:
        module = found.pipeline.frame.module
        if module not in edits:
            edits[module] = Edits(module)
        _move(analysis, found, edits[module])
    block = (INLINED / "subprocess.py").read_text("utf-8")
    for module, at in edits.items():
        if "_autoresearch_subprocess(config" not in module.text:
            at.insert_block(block)
    places = ", ".join(f"{f.pipeline.frame.module.path}:{f.pipeline.call.lineno}" for f in targets)
    return {m.path: at.result() for m, at in edits.items()}, f"the pipeline built at {places} runs in a subprocess"


def feeding(analysis) -> list:
    """The pipelines that feed the training loop; when that is not known, the only pipeline there is."""
    calls = {id(p.call) for p in analysis.loop.pipelines} if analysis.loop else set()
    fed = [f for f in analysis.found if id(f.pipeline.call) in calls] or (
        analysis.found if len(analysis.found) == 1 else []
    )
    if not fed:
        raise RewriteRefused("no SPDL pipeline that feeds the training loop was found")
    return fed


def targets_of(analysis) -> list:
    """Those of the pipelines that feed the training loop which can run in a subprocess."""
    fed = feeding(analysis)
    possible = [f for f in fed if f.facts["mtp"]["possible"]]
    if not possible:
        raise RewriteRefused("; ".join(dict.fromkeys(f.facts["mtp"]["reason"] for f in fed)))
    return possible


def _move(analysis, found, at: Edits) -> None:
    pipeline = found.pipeline
    call = pipeline.call
    names = set()
    for keyword in call.keywords:
        if keyword.arg is not None:
            names.add(keyword.arg)
            continue
        for value in analysis.flow.evaluate(keyword.value, pipeline.frame):
            if not isinstance(value, DictOf) or value.merged:
                raise RewriteRefused(
                    "the pipeline is built with **options, which may hold what a subprocess does not take"
                )
            names |= {key for key, _ in value.entries}
    unknown = names - _BUILD_OPTIONS if pipeline.kind != "dataloader" else set()
    if unknown:
        raise RewriteRefused(
            f"the pipeline is built with {', '.join(sorted(unknown))}, which a subprocess does not take"
        )
    kept = list(dict.fromkeys(s.name for s in found.stages if is_gpu_stage(analysis.flow, s)))
    if pipeline.kind == "dataloader":
        at.replace_node(call.func, "_autoresearch_subprocess_loader")
        return
    if simple_name(call.func) == CONTINUED_HELPER:
        at.add_keyword(call, "make", "_autoresearch_subprocess")
    elif pipeline.kind == "build_pipeline":
        at.replace_node(call.func, "_autoresearch_subprocess")
    else:
        as_config_call(at, call, "_autoresearch_subprocess")
    if kept:
        at.add_keyword(call, "main_process_stages", repr(tuple(kept)))


def as_config_call(at: Edits, call: ast.Call, helper: str) -> None:
    """`builder….build(…)` becomes `helper(builder….get_config(), …)`."""
    receiver = call.func.value
    at.insert(at.start(receiver), f"{helper}(")
    data = at.module.text.encode("utf-8")
    name = data.rindex(b"build", at.end(receiver), at.end(call.func))
    bracket = data.index(b"(", name)
    at.replace(name, bracket + 1, "get_config(), ")
