"""The stages of an SPDL pipeline, numbered and named as SPDL does it in its statistics."""

from __future__ import annotations

import ast
from dataclasses import dataclass

from ..values.values import (
    Builder,
    Class,
    Concrete,
    DictOf,
    External,
    ExternalCall,
    Frame,
    Function,
    Instance,
    Method,
    Pipeline,
    PipelineConfig,
    SequenceOf,
    Unknown,
    Value,
)
from .builder_steps import BuilderSteps
from .config_steps import ConfigSteps
from .step import Step


@dataclass(eq=False)
class Stage:
    index: int
    kind: str  # source, pipe, aggregate, disaggregate, sink
    name: str
    step: Step | None
    operations: list[Value]
    # For stages that spdl.dataloader makes: the keyword of the constructor that gives the operation.
    keyword: str | None = None


class StageReader:
    """Numbers the steps of a pipeline as SPDL does, and names what each runs."""

    def __init__(self, flow, builder_steps: BuilderSteps, config_steps: ConfigSteps) -> None:
        self._flow, self._builder_steps, self._config_steps = flow, builder_steps, config_steps

    def steps_of(self, pipeline: Pipeline) -> list[Step] | None:
        """Steps in order; None when the definition could not be followed."""
        if pipeline.definition is None:
            return None
        return self._of_definition(*pipeline.definition)

    def _of_definition(self, expression: ast.AST, frame: Frame) -> list[Step] | None:
        for value in self._flow.evaluate(expression, frame):
            if isinstance(value, Builder):
                return self._builder_steps.of(expression, frame)
            if isinstance(value, PipelineConfig):
                if value.from_builder:
                    return self._builder_steps.of(value.expression, value.frame)
                return self._config_steps.of(value.expression, value.frame)
        return None

    def stages_of(self, pipeline: Pipeline) -> list[Stage] | None:
        """Stages numbered as SPDL numbers them in its statistics."""
        if pipeline.kind in ("dataloader", "subprocess_dataloader"):
            return self._dataloader_stages(pipeline)
        if pipeline.kind == "pytorch_dataloader":
            return [
                Stage(0, "source", "src", None, []),
                Stage(1, "pipe", "_get_items", None, []),
                Stage(2, "sink", "sink", None, []),
            ]
        steps = self.steps_of(pipeline)
        if steps is None:
            return None
        stages: list[Stage] = []
        self._number(steps, stages)
        return stages

    def _number(self, steps: list[Step], stages: list[Stage], with_sink: bool = True) -> None:
        order = {"add_source": 0, "merge": 0, "add_sink": 2}
        # The builder takes source and sink in any order; their place in the pipeline is fixed.
        for step in sorted(steps, key=lambda s: order.get(s.kind, 1)):
            if step.kind == "add_source":
                stages.append(Stage(len(stages), "source", "src", step, []))
            elif step.kind == "merge":
                stages.append(Stage(len(stages), "source", "merge", step, []))
                for inner in self._merged(step):
                    self._number(inner, stages, with_sink=False)
            elif step.kind == "pipe":
                operations = self._operations(step)
                stages.append(Stage(len(stages), "pipe", self._pipe_name(step, operations), step, operations))
            elif step.kind == "aggregate":
                stages.append(Stage(len(stages), "aggregate", self._aggregate_name(step), step, []))
            elif step.kind == "disaggregate":
                stages.append(Stage(len(stages), "disaggregate", "disaggregate", step, []))
            elif step.kind == "path_variants":
                self._path_variants(step, stages)
            elif step.kind == "add_sink" and with_sink:
                stages.append(Stage(len(stages), "sink", "sink", step, []))

    def _merged(self, step: Step) -> list[list[Step]]:
        found: list[list[Step]] = []
        configs = step.argument(0, "pipeline_configs")
        for value in self._flow.evaluate(configs, step.frame) if configs is not None else []:
            if isinstance(value, SequenceOf):
                found += [s for e in value.elements if (s := self._of_definition(e, value.frame)) is not None]
        return found

    def _path_variants(self, step: Step, stages: list[Stage]) -> None:
        name = self._text(step, 2, "name")
        stages.append(Stage(len(stages), "pipe", name or "path_variants_router", step, []))
        paths = step.argument(1, "paths")
        for value in self._flow.evaluate(paths, step.frame) if paths is not None else []:
            if isinstance(value, SequenceOf):
                for element in value.elements:
                    self._number(self._config_steps.listed(element, value.frame) or [], stages, with_sink=False)
        stages.append(Stage(len(stages), "pipe", "path_variants_merge", None, []))

    def _text(self, step: Step, position: int, name: str) -> str | None:
        node = step.argument(position, name)
        value = self._flow.number(node, step.frame) if node is not None else None
        return value if isinstance(value, str) else None

    def _operations(self, step: Step) -> list[Value]:
        node = step.argument(0, "op")
        if node is not None:
            return self._flow.evaluate(node, step.frame)
        spreads = [k.value for k in step.call.keywords if k.arg is None]
        held = [
            v
            for s in spreads
            for m in self._flow.evaluate(s, step.frame)
            for v in self._flow.item(m, "op", s, step.frame)
        ]
        return [v for v in held if not isinstance(v, Unknown)]

    def _pipe_name(self, step: Step, operations: list[Value]) -> str:
        name = self._text(step, 99, "name")
        if name:
            return name
        for value in operations:
            if found := self.operation_name(value):
                return found
        node = step.argument(0, "op")
        return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "?")

    def operation_name(self, value: Value) -> str | None:
        if isinstance(value, Function):
            return getattr(value.node, "name", "<lambda>")
        if isinstance(value, Method):
            return value.function.node.name
        if isinstance(value, Instance) and (own := _own_name(value)):
            return own
        if isinstance(value, Instance):
            return "__getitem__" if self._flow.classes.find_method(value.cls, "__getitem__") else value.cls.node.name
        if isinstance(value, Class):
            return value.node.name
        if isinstance(value, (DictOf, SequenceOf)):
            return "__getitem__"
        if isinstance(value, External):
            return value.name.rpartition(".")[2]
        if isinstance(value, ExternalCall) and value.name in ("functools.partial",) and value.node.args:
            for inner in self._flow.evaluate(value.node.args[0], value.frame):
                return self.operation_name(inner)
        if isinstance(value, ExternalCall) and value.name:
            return value.name.rpartition(".")[2]
        return None

    def _aggregate_name(self, step: Step) -> str:
        node = step.argument(0, "input")
        value = self._flow.number(node, step.frame) if node is not None else None
        drop = step.argument(99, "drop_last")
        dropped = self._flow.number(drop, step.frame) if drop is not None else False
        op = f"collate({value})" if isinstance(value, int) else "?"
        return f"aggregate(op={op}, drop_last={dropped if isinstance(dropped, bool) else False})"

    def _dataloader_stages(self, pipeline: Pipeline) -> list[Stage]:
        step = Step("dataloader", pipeline.call, pipeline.frame)
        stages = [Stage(0, "source", "src", step, [])]
        for keyword in ("preprocessor", "batch_size", "aggregator", "transfer_fn"):
            node = step.argument(99, keyword)
            values = self._flow.evaluate(node, pipeline.frame) if node is not None else []
            if not values or all(isinstance(v, Concrete) and v.value is None for v in values):
                continue
            if keyword == "batch_size":
                value = next((v.value for v in values if isinstance(v, Concrete)), "?")
                stages.append(
                    Stage(
                        len(stages), "aggregate", f"aggregate(op=collate({value}), drop_last=False)", step, [], keyword
                    )
                )
            else:
                names = [n for v in values if (n := self.operation_name(v))]
                fallback = node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", keyword)
                stages.append(Stage(len(stages), "pipe", names[0] if names else fallback, step, values, keyword))
        stages.append(Stage(len(stages), "sink", "sink", step, []))
        return stages


def _own_name(value: Instance) -> str | None:
    """`__name__ = "load"` in the class of a callable object: what SPDL names its stage by."""
    for statement in value.cls.node.body:
        if isinstance(statement, ast.Assign) and isinstance(statement.value, ast.Constant):
            if any(isinstance(t, ast.Name) and t.id == "__name__" for t in statement.targets):
                return str(statement.value.value)
    return None
