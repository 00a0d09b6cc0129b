"""The pipelines that a pipeline reads from: its back, where it is in two halves, and whatever else feeds it."""

from __future__ import annotations


def pipelines_before(analysis, found) -> list:
    """Those that the source of a pipeline yields the output of."""
    source = next((s for s in found.stages if s.kind == "source" and s.step is not None), None)
    node = source.step.argument(0, "source") or source.step.argument(0, "src") if source is not None else None
    return analysis.streams.of(node, source.step.frame) if node is not None else []


def sources_in_subprocess(analysis, found) -> list:
    return [p for p in pipelines_before(analysis, found) if p.kind.startswith("subprocess")]


def stages_before(analysis, found, target) -> list | None:
    """Every stage that an item goes through before `target`, other pipelines included; None if one is unknown."""
    before = found.stages[: found.stages.index(target)]
    for pipeline in pipelines_before(analysis, found):
        other = next((f for f in analysis.found if f.pipeline.call is pipeline.call), None)
        if other is None or other is found or not other.stages:
            return None
        earlier = stages_before(analysis, other, other.stages[-1])
        if earlier is None:
            return None
        before = [*earlier, other.stages[-1], *before]
    return before
