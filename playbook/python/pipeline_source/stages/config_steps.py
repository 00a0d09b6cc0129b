"""The stages that a PipelineConfig lists: Pipe(…), Aggregate(…) and the like, from lists that grow as well."""

from __future__ import annotations

import ast

from ..libraries.spdl_calls import spdl_name
from ..sources.syntax import (
    own_statements,
)
from ..values.values import (
    ExternalCall,
    Frame,
    SequenceOf,
)
from .step import Step, is_name, is_uncertain

_CONFIG_STEPS = {
    "Pipe": "pipe",
    "Aggregate": "aggregate",
    "Disaggregate": "disaggregate",
    "PathVariants": "path_variants",
    "SourceConfig": "add_source",
    "SinkConfig": "add_sink",
}


class ConfigSteps:
    """Reads the lists of a configuration as the code builds them."""

    def __init__(self, flow) -> None:
        self._flow = flow

    def of(self, call: ast.Call, frame: Frame) -> list[Step] | None:
        whole = Step("config", call, frame)
        source, pipes, sink = (whole.argument(i, n) for i, n in enumerate(("src", "pipes", "sink")))
        if source is None or pipes is None or sink is None:
            return None
        steps: list[Step] = []
        for value in self._flow.evaluate(source, frame)[:1]:
            if isinstance(value, ExternalCall) and spdl_name(value.name) in ("Merge", "MergeConfig"):
                steps.append(Step("merge", value.node, value.frame))
            elif isinstance(value, ExternalCall) and spdl_name(value.name) == "SourceConfig":
                steps.append(Step("add_source", value.node, value.frame))
        if not steps:
            steps.append(Step("add_source", call, frame, True))
        inner = self.listed(pipes, frame)
        if inner is None:
            return None
        steps += inner
        for value in self._flow.evaluate(sink, frame)[:1]:
            if isinstance(value, ExternalCall) and spdl_name(value.name) == "SinkConfig":
                steps.append(Step("add_sink", value.node, value.frame))
        return steps

    def listed(self, node: ast.AST, frame: Frame) -> list[Step] | None:
        found: list[Step] | None = None
        for value in self._flow.evaluate(node, frame):
            if isinstance(value, SequenceOf):
                found = []
                for element in value.elements:
                    found += self._config_step(element, value.frame)
                break
        if found is None:
            return None
        if isinstance(node, ast.Name):
            for call in own_statements(frame.scope.node):
                if (
                    isinstance(call, ast.Call)
                    and isinstance(call.func, ast.Attribute)
                    and call.func.attr in ("append", "extend")
                    and is_name(node.id)(call.func.value)
                    and call.args
                    and self._flow.branches.is_live(call, frame)
                ):
                    added = (
                        self._config_step(call.args[0], frame)
                        if call.func.attr == "append"
                        else self.listed(call.args[0], frame)
                    )
                    for step in added or []:
                        step.uncertain = step.uncertain or is_uncertain(self._flow, call, frame)
                        found.append(step)
        return found

    def _config_step(self, node: ast.AST, frame: Frame) -> list[Step]:
        if isinstance(node, ast.Starred):
            return self.listed(node.value, frame) or []
        for value in self._flow.evaluate(node, frame):
            if isinstance(value, ExternalCall) and (kind := _CONFIG_STEPS.get(spdl_name(value.name) or "")):
                return [Step(kind, value.node, value.frame)]
        return []
