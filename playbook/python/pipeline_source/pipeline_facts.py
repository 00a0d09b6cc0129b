"""What the survey says of one pipeline: its stages, its numbers with their knobs, and what may be done with it."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field

from .stages.gpu import is_gpu_stage
from .stages.split_plan import why_not_split
from .stages.stages import Stage, Step
from .stages.subprocess_fitness import why_not_in_subprocess
from .values.values import Pipeline


@dataclass(eq=False)
class Found:
    """A pipeline with its stages; `facts` is its JSON in the survey."""

    pipeline: Pipeline
    stages: list[Stage]
    steps: list[Step]
    facts: dict = field(default_factory=dict)


class PipelineFacts:
    """Asks the analysis; the knobs and problems that it meets on the way are kept there."""

    def __init__(self, analysis) -> None:
        self._analysis = analysis

    def of(self, index: int, found: Found) -> dict:
        pipeline = found.pipeline
        module = pipeline.frame.module
        in_subprocess = pipeline.kind.startswith("subprocess")
        build = Step("build", pipeline.call, pipeline.frame)
        stages = [self._stage_facts(index, found, stage) for stage in found.stages]
        for stage, facts in zip(found.stages, stages):
            executor = self._analysis.knobs.executor(stage, index)
            if executor is not None:
                facts["executor"] = {"value": _whole(executor[0]), "knob": executor[1]}
            if stage.step is not None and stage.step.uncertain and stage.kind != "source":
                self._analysis.problems.append(
                    f"stage {stage.name} ({stage.step.frame.module.path}:{stage.step.call.lineno}) is added under a condition "
                    "that could not be decided; its index may differ in the job"
                )
        for step in found.steps:
            if step.kind == "to":
                self._analysis.knobs.number(step, 99, "buffer_size", "stage_buffer", None, index, 1)
                self._analysis.problems.append(
                    "the pipeline has regions (.to(...)): SPDL fuses their stages, so stage indices differ in the job"
                )
                break
        threads = self._threads(build, index)
        sink = self._sink(found, build, index)
        possible, reason = why_not_in_subprocess(self._analysis, found)
        return {
            "file": module.path,
            "line": pipeline.call.lineno,
            "builtIn": module.scope_at(pipeline.call).qualname,
            "stages": stages,
            "numThreads": {"value": _whole(threads[0]), "knob": threads[1]},
            "sinkBuffer": {"value": _whole(sink[0]), "knob": sink[1]},
            "inSubprocess": in_subprocess,
            "mtp": {"possible": possible, "reason": reason},
        }

    def _threads(self, build: Step, index: int):
        kind = self._analysis.found[index].pipeline.kind
        if kind == "pytorch_dataloader":
            return self._analysis.knobs.number(build, 7, "num_workers", "num_threads", None, index, 1)
        default = 8 if kind in ("dataloader", "subprocess_dataloader") else None
        return self._analysis.knobs.number(build, 99, "num_threads", "num_threads", None, index, default)

    def _sink(self, found: Found, build: Step, index: int):
        kind = found.pipeline.kind
        if kind in ("dataloader", "subprocess_dataloader"):
            return self._analysis.knobs.number(build, 99, "buffer_size", "sink_buffer", None, index, 3)
        if kind == "pytorch_dataloader":
            self._analysis.knobs.number(build, 99, "prefetch_factor", "prefetch", None, index, 2)
            self._analysis.knobs.number(build, 1, "batch_size", "batch_size", None, index, 1)
            return None, None
        for stage in found.stages:
            if stage.kind == "sink" and stage.step is not None:
                return self._analysis.knobs.number(stage.step, 0, "buffer_size", "sink_buffer", None, index, 3)
        return None, None

    def _stage_facts(self, index: int, found: Found, stage: Stage) -> dict:
        value, knob = None, None
        step = stage.step
        kind = found.pipeline.kind
        if step is not None and stage.kind == "pipe" and step.kind == "pipe":
            value, knob = self._analysis.knobs.number(step, 99, "concurrency", "stage_concurrency", stage.name, index, 1)
            if value is None:
                where = f"{step.frame.module.path}:{step.call.lineno}"
                self._analysis.problems.append(
                    f"stage {stage.name} ({where}): where its concurrency comes from could not be seen"
                )
        elif stage.kind == "pipe" and stage.keyword in ("preprocessor", "aggregator"):
            value, knob = self._analysis.knobs.number(step, 99, "num_threads", "num_threads", None, index, 8)
        elif stage.kind == "pipe" and stage.keyword == "transfer_fn":
            value = 1
        elif stage.kind == "aggregate" and step is not None:
            if kind in ("dataloader", "subprocess_dataloader"):
                self._analysis.knobs.number(step, 99, "batch_size", "batch_size", None, index, None)
            else:
                self._batch_size(step, index)
        return {
            "index": stage.index,
            "kind": stage.kind,
            "function": stage.name,
            "concurrency": _whole(value),
            "knob": knob,
            "splittable": stage.kind == "pipe" and why_not_split(self._analysis, found, stage) is None,
            "gpu": is_gpu_stage(self._analysis.flow, stage),
        }

    def _batch_size(self, step: Step, index: int) -> None:
        node = step.argument(0, "input")
        if node is None:
            return
        if self._analysis.knobs.number(step, 0, "input", "batch_size", None, index, None)[0] is None:
            # aggregate(Collate(n))
            for value in self._analysis.flow.evaluate(node, step.frame):
                call = getattr(value, "node", None)
                if isinstance(call, ast.Call) and getattr(value, "name", "").endswith(".Collate"):
                    self._analysis.knobs.number(Step("collate", call, value.frame), 0, "n", "batch_size", None, index, None)


def _whole(value) -> int | None:
    return int(value) if value is not None else None
