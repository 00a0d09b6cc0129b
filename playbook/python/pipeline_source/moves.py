"""The moves that rewrite.py can make by name: which of them a source allows, and why not the others.

What is offered was tried: the rewrite is made and thrown away.
"""

from __future__ import annotations

from .rewrites.await_stage import await_stage
from .rewrites.callable_classes import callable_classes
from .rewrites.continuous_source import continuous_source
from .rewrites.decoder_threads import decoder_threads
from .rewrites.edits import RewriteRefused
from .rewrites.executors import own_executor, priority_executor
from .rewrites.load_npz import load_npz
from .rewrites.loop_moves import gc_interval
from .rewrites.merge_stages import merge_stages
from .rewrites.mtp import mtp
from .rewrites.nvdec import nvdec
from .rewrites.results import batch_in_stage, cache_on_disk, cache_stage, output_order
from .rewrites.split import split_stage
from .rewrites.subprocess_moves import arena, buffers, mtp_off
from .stages.operations import NotApplicable

# Of one stage each, named by its function.
OF_STAGES = {
    "split_stage": split_stage,
    "merge_stages": merge_stages,
    "own_executor": own_executor,
    "batch_in_stage": batch_in_stage,
    "cache_stage": cache_stage,
    "cache_on_disk": cache_on_disk,
    "await_stage": await_stage,
    "output_order": output_order,
    "load_npz": load_npz,
    "decoder_threads": decoder_threads,
    "nvdec": nvdec,
}
OF_PIPELINES = {
    "callable_classes": callable_classes,
    "mtp": mtp,
    "mtp_off": mtp_off,
    "buffers": buffers,
    "arena": arena,
    "continuous_source": continuous_source,
    "priority_executor": priority_executor,
    "gc_interval": gc_interval,
}


def apply_move(analysis, name: str, parameters: dict) -> tuple[dict[str, str], str]:
    """New contents of files and what was done; RewriteRefused with the reason where it cannot be done soundly."""
    make = {**OF_STAGES, **OF_PIPELINES}[name]
    try:
        return make(analysis, **parameters)
    except NotApplicable as reason:
        where = f"stage {parameters['stage']}: " if "stage" in parameters else ""
        raise RewriteRefused(f"{name} is not applicable: {where}{reason}") from None


def possible_moves(analysis) -> list[dict]:
    """[{move, stage?, possible, reason}] for each move, and each stage where it is one of stages."""
    names = dict.fromkeys(s.name for f in analysis.found for s in f.stages if s.kind == "pipe")
    asked = [(move, {"stage": stage}) for stage in names for move in OF_STAGES]
    asked += [(move, {}) for move in OF_PIPELINES]
    answers = []
    for move, parameters in asked:
        try:
            apply_move(analysis, move, parameters)
            reason = ""
        except RewriteRefused as error:
            reason = str(error)
        answers.append({"move": move, **parameters, "possible": reason == "", "reason": reason})
    return answers
