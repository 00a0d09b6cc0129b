"""Video is decoded by the GPU's own decoder: calls of spdl.io that decode on the CPU become those of NVDEC."""

from __future__ import annotations

from ..stages.nvdec_plan import plan_nvdec
from ..stages.operations import given, require_pipe
from .edits import Edits
from .executors import import_name, set_executor
from .instrument import edits_of
from .stage_edits import place, refuse_if, text_files, with_helper

_MARK = "_autoresearch_nvdec, "


def nvdec(analysis, stage: str, workers: int = 7) -> tuple[dict[str, str], str]:
    """`to_torch(convert_frames(decode_packets(p)))` on NVDEC, by as many threads of its own as the GPU has engines."""
    found, target = require_pipe(analysis, stage)
    refuse_if(given(target, "executor") and "it has an executor already")
    edits: dict[object, Edits] = {}
    for each in plan_nvdec(analysis, found, target):
        at = with_helper(edits, each.function.module, "nvdec.py", _MARK)
        is_loaded = each.convert is None
        helper = "_autoresearch_nvdec_load" if is_loaded else "_autoresearch_nvdec"
        at.replace(at.start(each.decode), at.start(each.source), f"{helper}(")
        at.replace(at.end(each.source), at.end(each.decode), f", {each.width}, {each.height})")
        for call in (each.convert, each.to_torch):
            if call is not None:
                at.replace_node(call.func, "_autoresearch_as_it_is")
    at = edits_of(edits, target.step.frame.module)
    import_name(at, target, "concurrent.futures", "ThreadPoolExecutor")
    set_executor(at, target, f"ThreadPoolExecutor(max_workers={workers})")
    concurrency = target.step.argument(99, "concurrency")
    if concurrency is not None:
        at.replace_node(concurrency, str(workers))
    else:
        at.add_keyword(target.step.call, "concurrency", str(workers))
    return text_files(edits), f"stage {stage} ({place(target)}) decodes on NVDEC, by {workers} threads of its own"
