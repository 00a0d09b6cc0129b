"""The stages of an SPDL pipeline, read from the builder's calls or the PipelineConfig that define it."""

from __future__ import annotations

import ast
from dataclasses import dataclass

from .dataflow import own_statements
from .library_calls import BUILDER_STEPS, spdl_name
from .values import (
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
    Value,
)

_CONFIG_STEPS = {
    "Pipe": "pipe",
    "Aggregate": "aggregate",
    "Disaggregate": "disaggregate",
    "PathVariants": "path_variants",
    "SourceConfig": "add_source",
    "SinkConfig": "add_sink",
}
MAX_DEPTH = 25


@dataclass(eq=False)
class Step:
    """One call that adds a stage: builder.pipe(…) or Pipe(…), with the frame in which its arguments are read."""

    kind: str
    call: ast.Call
    frame: Frame
    # Added only under a condition that is not known, or in a loop.
    uncertain: bool = False

    def argument(self, position: int, name: str) -> ast.AST | None:
        if position < len(self.call.args) and not any(isinstance(a, ast.Starred) for a in self.call.args[: position + 1]):
            return self.call.args[position]
        return next((k.value for k in self.call.keywords if k.arg == name), None)

    @property
    def has_spread(self) -> bool:
        return any(k.arg is None for k in self.call.keywords) or any(isinstance(a, ast.Starred) for a in self.call.args)


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
    def __init__(self, flow) -> None:
        self.flow = flow

    def steps_of(self, pipeline: Pipeline) -> list[Step] | None:
        """Steps in order; None when the definition could not be followed."""
        if pipeline.definition is None:
            return None
        return self._of_definition(*pipeline.definition)

    def _of_definition(self, expression: ast.AST, frame: Frame) -> list[Step] | None:
        for value in self.flow.evaluate(expression, frame):
            if isinstance(value, Builder):
                return self.builder_steps(expression, frame, 0)
            if isinstance(value, PipelineConfig):
                if value.from_builder:
                    return self.builder_steps(value.expression, value.frame, 0)
                return self.config_steps(value.expression, value.frame)
        return None

    # -- PipelineBuilder --------------------------------------------------------------------------------------------

    def builder_steps(self, node: ast.AST, frame: Frame, depth: int) -> list[Step] | None:
        if depth > MAX_DEPTH:
            return None
        if isinstance(node, ast.Call):
            if isinstance(node.func, ast.Attribute) and node.func.attr in BUILDER_STEPS:
                before = self.builder_steps(node.func.value, frame, depth + 1)
                return None if before is None else [*before, self._step(node, frame)]
            return self._of_call(node, frame, depth)
        if isinstance(node, ast.Name):
            return self._of_name(node, frame, depth)
        if isinstance(node, ast.Attribute):
            return self._of_attribute(node, frame, depth)
        if isinstance(node, ast.IfExp):
            truth = self.flow.truth(node.test, frame)
            return self.builder_steps(node.orelse if truth is False else node.body, frame, depth + 1)
        if isinstance(node, (ast.NamedExpr, ast.Await)):
            return self.builder_steps(node.value, frame, depth + 1)
        return None

    def _step(self, call: ast.Call, frame: Frame) -> Step:
        return Step(call.func.attr, call, frame, self._is_uncertain(call, frame))

    def _is_uncertain(self, node: ast.AST, frame: Frame) -> bool:
        for parent in frame.module.ancestors(node):
            if parent is frame.scope.node:
                return False
            if isinstance(parent, ast.If) and self.flow.truth(parent.test, frame) is None:
                return True
            if isinstance(parent, (ast.For, ast.While, ast.ExceptHandler)) and not frame.fixed:
                return True
        return False

    def _of_call(self, node: ast.Call, frame: Frame, depth: int) -> list[Step] | None:
        for callee in self.flow.evaluate(node.func, frame):
            if isinstance(callee, External) and spdl_name(callee.name) == "PipelineBuilder":
                return []
            function, receiver = (callee.function, callee.receiver) if isinstance(callee, Method) else (callee, None)
            if isinstance(function, Function):
                found = self._of_function(function, node, frame, receiver, depth)
                if found is not None:
                    return found
        return None

    def _of_function(self, function, call, frame, receiver, depth) -> list[Step] | None:
        bound = self.flow.bind(function, [(call, frame)], receiver)
        if isinstance(function.node, ast.Lambda):
            return self.builder_steps(function.node.body, bound, depth + 1)
        for statement in own_statements(function.node):
            if isinstance(statement, ast.Return) and statement.value is not None and self.flow.is_live(statement, bound):
                found = self.builder_steps(statement.value, bound, depth + 1)
                if found is not None:
                    return found
        return None

    def _of_name(self, node: ast.Name, frame: Frame, depth: int) -> list[Step] | None:
        at: Frame | None = frame
        while at is not None and (node.id not in at.scope.bindings or node.id in at.scope.outer_names):
            at = at.parent
        if at is None:
            return None
        use = node if at is frame else None
        for binding in self.flow.reaching(at.scope, node.id, at, use):
            if binding.kind == "assign" and not binding.path:
                base = self.builder_steps(binding.value, at, depth + 1)
                start = binding.end
            elif binding.kind == "param":
                base, start = self._of_parameter(at, node.id, depth), (0, 0)
            elif binding.kind == "import":
                base, start = self._of_import(binding, at, depth), binding.end
            else:
                continue
            if base is not None:
                return base + self.mutations(at, _is_name(node.id), start, use, depth)
        return None

    def _of_import(self, binding, frame: Frame, depth: int) -> list[Step] | None:
        if not isinstance(binding.node, ast.ImportFrom):
            return None
        module = self.flow.project.module(self.flow.project.resolve_import(frame.module, binding.node))
        if module is None or binding.imported not in module.scope.bindings:
            return None
        name = ast.copy_location(ast.Name(binding.imported, ast.Load()), module.tree.body[-1])
        name.lineno, name.col_offset = 10**9, 0
        return self._of_name(name, self.flow.open_frame(module.scope), depth + 1)

    def _of_parameter(self, frame: Frame, name: str, depth: int) -> list[Step] | None:
        given = (frame.args or {}).get(name)
        if isinstance(given, tuple):
            return self.builder_steps(*given, depth + 1)
        if frame.args is None:
            function = Function(frame.scope.node, frame.module, frame.parent)
            for call, caller, receiver in self.flow.callers(function):
                bound = self.flow.bind(function, [(call, caller)], receiver, limited=False)
                given = (bound.args or {}).get(name)
                if isinstance(given, tuple):
                    found = self.builder_steps(*given, depth + 1)
                    if found is not None:
                        return found
        return None

    def _of_attribute(self, node: ast.Attribute, frame: Frame, depth: int) -> list[Step] | None:
        from .objects import _stores

        for owner in self.flow.evaluate(node.value, frame):
            if not isinstance(owner, Instance):
                continue
            for cls in self.flow.mro(owner.cls):
                methods = [m for m in cls.node.body if isinstance(m, (ast.FunctionDef, ast.AsyncFunctionDef)) and m.args.args]
                base: list[Step] | None = None
                for method in methods:
                    inner = self.flow.method_frame(owner, cls, method)
                    for kind, value, path, _ in _stores(method, method.args.args[0].arg, node.attr):
                        if base is None and kind == "assign" and not path:
                            base = self.builder_steps(value, inner, depth + 1)
                if base is None:
                    continue
                for method in methods:
                    inner = self.flow.method_frame(owner, cls, method)
                    matches = _is_attribute(method.args.args[0].arg, node.attr)
                    use = node if inner.scope is frame.scope else None
                    base = base + self.mutations(inner, matches, (0, 0), use, depth, exclude=node)
                return base
        return None

    def mutations(self, frame: Frame, matches, start, use: ast.AST | None, depth: int, exclude: ast.AST | None = None) -> list[Step]:
        """Steps that statements between `start` and the use add to a builder held by a name."""
        end = (use.lineno, use.col_offset) if use is not None and use.lineno < 10**9 else (10**9, 0)
        found: list[tuple[tuple, list[Step]]] = []
        for node in own_statements(frame.scope.node):
            if not isinstance(node, ast.Call):
                continue
            begin, finish = (node.lineno, node.col_offset), (node.end_lineno, node.end_col_offset)
            if begin < start or finish > end or not self.flow.is_live(node, frame) or self._has_alternative(node, frame, matches):
                continue
            if isinstance(node.func, ast.Attribute) and node.func.attr in BUILDER_STEPS:
                root = _chain_root(node)
                if matches(root) and root is not exclude and not self._is_inside_chain(node, frame):
                    for order, inner in self.flow.rounds(node, frame):
                        found.append(((*order, *finish), self._chain(node, inner)))
            elif depth < MAX_DEPTH and any(matches(a) for a in [*node.args, *[k.value for k in node.keywords]]):
                if self._result_is_rebound(node, frame, matches):
                    continue
                for order, inner in self.flow.rounds(node, frame):
                    found.append(((*order, *finish), self._in_helper(node, inner, matches, depth)))
        return [step for _, steps in sorted(found, key=lambda f: f[0]) for step in steps]

    def _has_alternative(self, node: ast.AST, frame: Frame, matches) -> bool:
        """In the else of a condition that is not known, whose other branch adds stages too: one of them is enough."""
        child = node
        for parent in frame.module.ancestors(node):
            if parent is frame.scope.node:
                return False
            if isinstance(parent, ast.If) and child in parent.orelse and self.flow.truth(parent.test, frame) is None:
                calls = [n for s in parent.body for n in ast.walk(s) if isinstance(n, ast.Call)]
                if any(matches(_chain_root(c)) for c in calls if isinstance(c.func, ast.Attribute) and c.func.attr in BUILDER_STEPS):
                    return True
            child = parent
        return False

    def _is_inside_chain(self, node: ast.AST, frame: Frame) -> bool:
        parent = frame.module.parents.get(node)
        if not isinstance(parent, ast.Attribute) or parent.attr not in BUILDER_STEPS:
            return False
        return isinstance(frame.module.parents.get(parent), ast.Call)

    @staticmethod
    def _result_is_rebound(node: ast.Call, frame: Frame, matches) -> bool:
        parent = frame.module.parents.get(node)
        return isinstance(parent, ast.Assign) and any(matches(t) for t in parent.targets)

    def _chain(self, node: ast.AST, frame: Frame) -> list[Step]:
        steps: list[Step] = []
        while isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in BUILDER_STEPS:
            steps.insert(0, self._step(node, frame))
            node = node.func.value
        return steps

    def _in_helper(self, node: ast.Call, frame: Frame, matches, depth: int) -> list[Step]:
        for callee in self.flow.evaluate(node.func, frame):
            function, receiver = (callee.function, callee.receiver) if isinstance(callee, Method) else (callee, None)
            if isinstance(function, Function) and not isinstance(function.node, ast.Lambda):
                bound = self.flow.bind(function, [(node, frame)], receiver)
                for name, given in (bound.args or {}).items():
                    if isinstance(given, tuple) and matches(given[0]):
                        return self.mutations(bound, _is_name(name), (0, 0), None, depth + 1)
        return []

    # -- PipelineConfig ---------------------------------------------------------------------------------------------

    def config_steps(self, call: ast.Call, frame: Frame) -> list[Step] | None:
        whole = Step("config", call, frame)
        source, pipes, sink = (whole.argument(i, n) for i, n in enumerate(("src", "pipes", "sink")))
        if source is None or pipes is None or sink is None:
            return None
        steps: list[Step] = []
        for value in self.flow.evaluate(source, frame)[:1]:
            if isinstance(value, ExternalCall) and spdl_name(value.name) in ("Merge", "MergeConfig"):
                steps.append(Step("merge", value.node, value.frame))
            elif isinstance(value, ExternalCall) and spdl_name(value.name) == "SourceConfig":
                steps.append(Step("add_source", value.node, value.frame))
        if not steps:
            steps.append(Step("add_source", call, frame, True))
        inner = self._listed(pipes, frame)
        if inner is None:
            return None
        steps += inner
        for value in self.flow.evaluate(sink, frame)[:1]:
            if isinstance(value, ExternalCall) and spdl_name(value.name) == "SinkConfig":
                steps.append(Step("add_sink", value.node, value.frame))
        return steps

    def _listed(self, node: ast.AST, frame: Frame) -> list[Step] | None:
        found: list[Step] | None = None
        for value in self.flow.evaluate(node, frame):
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
                    and _is_name(node.id)(call.func.value)
                    and call.args
                    and self.flow.is_live(call, frame)
                ):
                    added = self._config_step(call.args[0], frame) if call.func.attr == "append" else self._listed(call.args[0], frame)
                    for step in added or []:
                        step.uncertain = step.uncertain or self._is_uncertain(call, frame)
                        found.append(step)
        return found

    def _config_step(self, node: ast.AST, frame: Frame) -> list[Step]:
        if isinstance(node, ast.Starred):
            return self._listed(node.value, frame) or []
        for value in self.flow.evaluate(node, frame):
            if isinstance(value, ExternalCall) and (kind := _CONFIG_STEPS.get(spdl_name(value.name) or "")):
                return [Step(kind, value.node, value.frame)]
        return []

    # -- stages -----------------------------------------------------------------------------------------------------

    def stages_of(self, pipeline: Pipeline) -> list[Stage] | None:
        """Stages numbered as SPDL numbers them in its statistics."""
        if pipeline.kind in ("dataloader", "subprocess_dataloader"):
            return self._dataloader_stages(pipeline)
        if pipeline.kind == "pytorch_dataloader":
            return [Stage(0, "source", "src", None, []), Stage(1, "pipe", "_get_items", None, []), Stage(2, "sink", "sink", None, [])]
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
        for value in self.flow.evaluate(configs, step.frame) if configs is not None else []:
            if isinstance(value, SequenceOf):
                found += [s for e in value.elements if (s := self._of_definition(e, value.frame)) is not None]
        return found

    def _path_variants(self, step: Step, stages: list[Stage]) -> None:
        name = self._text(step, 2, "name")
        stages.append(Stage(len(stages), "pipe", name or "path_variants_router", step, []))
        paths = step.argument(1, "paths")
        for value in self.flow.evaluate(paths, step.frame) if paths is not None else []:
            if isinstance(value, SequenceOf):
                for element in value.elements:
                    self._number(self._listed(element, value.frame) or [], stages, with_sink=False)
        stages.append(Stage(len(stages), "pipe", "path_variants_merge", None, []))

    def _text(self, step: Step, position: int, name: str) -> str | None:
        node = step.argument(position, name)
        value = self.flow.number(node, step.frame) if node is not None else None
        return value if isinstance(value, str) else None

    def _operations(self, step: Step) -> list[Value]:
        node = step.argument(0, "op")
        return self.flow.evaluate(node, step.frame) if node is not None else []

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
        if isinstance(value, Instance):
            return "__getitem__" if self.flow.find_method(value.cls, "__getitem__") else value.cls.node.name
        if isinstance(value, Class):
            return value.node.name
        if isinstance(value, (DictOf, SequenceOf)):
            return "__getitem__"
        if isinstance(value, External):
            return value.name.rpartition(".")[2]
        if isinstance(value, ExternalCall) and value.name in ("functools.partial",) and value.node.args:
            for inner in self.flow.evaluate(value.node.args[0], value.frame):
                return self.operation_name(inner)
        if isinstance(value, ExternalCall) and value.name:
            return value.name.rpartition(".")[2]
        return None

    def _aggregate_name(self, step: Step) -> str:
        node = step.argument(0, "input")
        value = self.flow.number(node, step.frame) if node is not None else None
        drop = step.argument(99, "drop_last")
        dropped = self.flow.number(drop, step.frame) if drop is not None else False
        op = f"collate({value})" if isinstance(value, int) else "?"
        return f"aggregate(op={op}, drop_last={dropped if isinstance(dropped, bool) else False})"

    def _dataloader_stages(self, pipeline: Pipeline) -> list[Stage]:
        step = Step("dataloader", pipeline.call, pipeline.frame)
        stages = [Stage(0, "source", "src", step, [])]
        for keyword in ("preprocessor", "batch_size", "aggregator", "transfer_fn"):
            node = step.argument(99, keyword)
            values = self.flow.evaluate(node, pipeline.frame) if node is not None else []
            if not values or all(isinstance(v, Concrete) and v.value is None for v in values):
                continue
            if keyword == "batch_size":
                value = next((v.value for v in values if isinstance(v, Concrete)), "?")
                stages.append(Stage(len(stages), "aggregate", f"aggregate(op=collate({value}), drop_last=False)", step, [], keyword))
            else:
                names = [n for v in values if (n := self.operation_name(v))]
                fallback = node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", keyword)
                stages.append(Stage(len(stages), "pipe", names[0] if names else fallback, step, values, keyword))
        stages.append(Stage(len(stages), "sink", "sink", step, []))
        return stages


def _chain_root(node: ast.AST) -> ast.AST:
    while isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in BUILDER_STEPS:
        node = node.func.value
    return node


def _is_name(name: str):
    return lambda node: isinstance(node, ast.Name) and node.id == name


def _is_attribute(owner: str, name: str):
    return lambda node: (
        isinstance(node, ast.Attribute) and node.attr == name and isinstance(node.value, ast.Name) and node.value.id == owner
    )
