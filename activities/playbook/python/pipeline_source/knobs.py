"""Numbers that tune a pipeline, each traced to its home: a flag, a literal in the code, or a leaf of a configuration file."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass, field

from .dataflow import default_node
from .library_calls import BUILDER_STEPS, spdl_name
from .scopes import parameters
from .stages import Stage, Step
from .values import Computed, Concrete, DictOf, External, ExternalCall, Flag, Frame, Function, Leaf, Literal, Method, Unknown, Value, is_number

_WORDS = re.compile(r"concurren|workers?\b|_workers|threads?\b|_threads|batch|buffer|prefetch|queue|n_?jobs|parallel", re.I)
_SAME_NAMES = {"_autoresearch_subprocess": "build", "build_pipeline": "build", "_autoresearch_subprocess_loader": "DataLoader"}
_CONVERSIONS = {"int", "float", "str", "max", "min", "round", "abs"}
_NOT_TRAINING = re.compile(r"(^|[_\W])(val|valid|validation|eval|test|infer|log|every|num_batches|batches|n_batches|total|max_batch)([_\W]|$)", re.I)


@dataclass(eq=False)
class Home:
    """Where a number stands: exactly one of the three is set."""

    value: float
    flag: object = None
    leaf: Leaf | None = None
    node: ast.AST | None = None
    frame: Frame | None = None
    # A keyword that is absent: setting it inserts it into this call.
    missing: tuple[ast.Call, str] | None = None
    confidence: str = "dataflow"

    @property
    def key(self):
        if self.flag is not None:
            return ("flag", id(self.flag))
        if self.leaf is not None:
            return ("leaf", self.leaf.config.path, self.leaf.pointer)
        if self.missing is not None:
            return ("missing", id(self.missing[0]), self.missing[1])
        return ("node", id(self.node))


@dataclass(eq=False)
class Knob:
    id: str
    role: str
    home: Home
    stages: list[str] = field(default_factory=list)
    pipelines: list[int] = field(default_factory=list)

    def as_json(self) -> dict:
        home = self.home
        if home.flag is not None:
            where: dict = {"type": "flag", "flag": home.flag.name}
        elif home.leaf is not None:
            where = {"type": "config", "file": home.leaf.config.path, "pointer": home.leaf.pointer}
        else:
            at = home.missing[0] if home.missing else home.node
            where = {"type": "code", "file": home.frame.module.path, "line": at.lineno}
        return {
            "id": self.id,
            "role": self.role,
            "stage": self.stages[0] if len(set(self.stages)) == 1 else None,
            "pipeline": self.pipelines[0] if self.pipelines else None,
            "where": where,
            "value": home.value,
            "confidence": home.confidence,
        }


class KnobFinder:
    def __init__(self, flow) -> None:
        self.flow = flow
        self.knobs: dict[tuple, Knob] = {}
        self._ids: dict[str, tuple] = {}

    # -- homes ------------------------------------------------------------------------------------------------------

    def home(self, node: ast.AST, frame: Frame) -> Home | None:
        """Home of the number that an expression gives; the expression itself when it has none or several."""
        values = self.flow.evaluate(node, frame)
        number = next((v.value for v in values if isinstance(v, Concrete) and is_number(v.value)), None)
        if number is None:
            return None
        return self._single_home(values, frame) or Home(number, node=node, frame=frame)

    def _single_home(self, values: list[Value], frame: Frame) -> Home | None:
        candidates = [v for v in values if isinstance(v, Concrete) and is_number(v.value)]
        homes = [h for v in candidates if (h := self._home_of(v, frame)) is not None]
        return homes[0] if homes and len(homes) == len(candidates) and len({h.key for h in homes}) == 1 else None

    def _spread_home(self, step: Step, name: str) -> Home | None | bool:
        """Home of an argument given by `**options`; False when the options are known not to hold it."""
        for keyword in step.call.keywords:
            if keyword.arg is None:
                for value in self.flow.evaluate(keyword.value, step.frame):
                    found = self.flow.item(value, name, keyword.value, step.frame)
                    if not isinstance(found[0], Unknown):
                        return self._single_home(found, step.frame)
                    if not isinstance(value, (DictOf, Leaf)):
                        return None
        return False

    def _home_of(self, value: Value, frame: Frame) -> Home | None:
        if isinstance(value, Flag):
            confidence = "dataflow" if value.followed else "name"
            if self.settable(value.definition):
                return Home(value.value, flag=value.definition, confidence=confidence)
            default = value.definition.default
            inner = value.definition.frame or (self.flow.frame_at(value.definition.module, default) if default is not None else None)
            return self.home(default, inner) if inner is not None and default is not None and self.flow.flags.given(value.definition) is None else None
        overriding = self._given_flag(value)
        if overriding is not None:
            return overriding
        if isinstance(value, Leaf):
            return Home(value.value, leaf=value) if value.pointer in value.config.places else None
        if isinstance(value, (Literal, Computed)) and hasattr(value.node, "lineno"):
            return Home(value.value, node=value.node, frame=value.frame)
        return None

    def _given_flag(self, value: Value) -> Home | None:
        """A flag of the same name as a field or key, given in the command: it overrides, however that is written."""
        name = None
        if isinstance(value, Leaf):
            name = value.pointer.rpartition("/")[2]
        elif isinstance(value, Literal) and isinstance(parent := value.frame.module.parents.get(value.node), ast.AnnAssign):
            name = parent.target.id if isinstance(parent.target, ast.Name) else None
        if not name or not name.isidentifier():
            return None
        plain = ("plain override", name)
        definition = self.flow.flags.by_dest(name) or self.flow._once(plain, lambda: self.flow.flags.plain(name, None, None))
        if self.flow.flags.given(definition) is None:
            return None
        given = self.flow.flags.value(definition, self.flow).value
        return Home(given, flag=definition, confidence="name") if is_number(given) else None

    def settable(self, definition) -> bool:
        """Whether the launch command can set it: it runs the script itself, or names the flag already."""
        return self.flow.project.launch.names_script or self.flow.flags.given(definition) is not None

    # -- the knobs of a pipeline ------------------------------------------------------------------------------------

    def number(self, step: Step, position: int, name: str, role: str, stage: str | None, index: int, default: float | None):
        """Value and knob id of an argument of a step; an absent keyword has its default and can be added."""
        node = step.argument(position, name)
        home = self.home(node, step.frame) if node is not None else None
        if node is None:
            given = self._spread_home(step, name)
            if given is False and default is not None and not any(isinstance(a, ast.Starred) for a in step.call.args):
                home = Home(default, node=None, frame=step.frame, missing=(step.call, name))
            elif given:
                home = given
        if home is None:
            return None, None
        knob = self.add(home, role, stage, index)
        return home.value, knob.id

    def executor(self, stage: Stage, index: int) -> None:
        """max_workers of a pool that a stage runs in."""
        node = stage.step.argument(99, "executor") if stage.step else None
        for value in self.flow.evaluate(node, stage.step.frame) if node is not None else []:
            if isinstance(value, ExternalCall) and value.name.endswith("PoolExecutor"):
                workers = Step("executor", value.node, value.frame).argument(0, "max_workers")
                home = self.home(workers, value.frame) if workers is not None else None
                if home is not None:
                    self.add(home, "num_threads", stage.name, index)

    def add(self, home: Home, role: str, stage: str | None, pipeline: int | None) -> Knob:
        knob = self.knobs.get(home.key)
        if knob is None:
            knob = self.knobs[home.key] = Knob(self._identify(home), role, home)
        if stage is not None:
            knob.stages.append(stage)
        if pipeline is not None and pipeline not in knob.pipelines:
            knob.pipelines.append(pipeline)
        return knob

    # -- names ------------------------------------------------------------------------------------------------------

    def _identify(self, home: Home) -> str:
        if home.flag is not None:
            base = f"flag:{home.flag.name}"
        elif home.leaf is not None:
            base = f"config:{home.leaf.config.path}:{home.leaf.pointer}"
        else:
            module = home.frame.module
            if home.missing is not None:
                call, keyword = home.missing
                name = self._call_name(module, call, keyword)
            else:
                name = self._node_name(module, home.node)
            base = f"code:{module.path}:{name}"
        candidate, at = base, 1
        while self._ids.get(candidate, home.key) != home.key:
            at += 1
            candidate = f"{base}#{at}"
        self._ids[candidate] = home.key
        return candidate

    def _node_name(self, module, node: ast.AST) -> str:
        scope = module.scope_at(node).qualname
        child, suffix = node, ""
        for parent in module.ancestors(node):
            if parent is child:
                continue
            if isinstance(parent, ast.keyword):
                call = module.parents[parent]
                if _is_field_default(module, call, parent):
                    child = call
                    continue
                if isinstance(call.func, ast.Name) and call.func.id == "dict":
                    child, suffix = call, f"/{parent.arg}{suffix}"
                    continue
                return self._call_name(module, call, parent.arg or "**") + suffix
            if isinstance(parent, ast.Call) and isinstance(parent.func, ast.Name) and parent.func.id in _CONVERSIONS:
                child = parent
                continue
            if isinstance(parent, ast.Call) and child in parent.args:
                return self._call_name(module, parent, self._positional(module, parent, parent.args.index(child))) + suffix
            if isinstance(parent, ast.Dict) and child in parent.values:
                key = parent.keys[parent.values.index(child)]
                suffix = f"/{key.value if isinstance(key, ast.Constant) else '?'}{suffix}"
            elif isinstance(parent, (ast.Tuple, ast.List)) and child in parent.elts:
                suffix = f"/{parent.elts.index(child)}{suffix}"
            elif isinstance(parent, ast.arguments):
                function = module.parents[parent]
                for arg in parameters(parent):
                    if default_node(function, arg.arg) is child:
                        qualname = module.scopes[function].qualname
                        return f"{qualname}.{arg.arg}{suffix}"
            elif isinstance(parent, (ast.Assign, ast.AnnAssign, ast.AugAssign, ast.NamedExpr)):
                target = parent.targets[0] if isinstance(parent, ast.Assign) else parent.target
                if isinstance(target, ast.Tuple) and suffix[1:].isdigit() and int(suffix[1:]) < len(target.elts):
                    target, suffix = target.elts[int(suffix[1:])], ""
                name = module.text_of(target).removeprefix("self.")
                return f"{scope}.{name}{suffix}" if scope else f"{name}{suffix}"
            elif isinstance(parent, ast.stmt):
                break
            child = parent
        return f"{scope}.{module.text_of(node)}{suffix}" if scope else f"{module.text_of(node)}{suffix}"

    def _call_name(self, module, call: ast.Call, argument: str) -> str:
        scope = module.scope_at(call).qualname
        name = call.func.attr if isinstance(call.func, ast.Attribute) else module.text_of(call.func)
        if name in ("pipe", "Pipe") and call.args:
            operation = call.args[0]
            if isinstance(operation, ast.Call):
                is_partial = (operation.func.attr if isinstance(operation.func, ast.Attribute) else getattr(operation.func, "id", "")) == "partial"
                operation = operation.args[0] if is_partial and operation.args else operation.func
            name = operation.attr if isinstance(operation, ast.Attribute) else getattr(operation, "id", "lambda" if isinstance(operation, ast.Lambda) else name)
        # A pipeline keeps the names of its knobs when it moves to a subprocess.
        name = _SAME_NAMES.get(name, name)
        return ".".join(p for p in (scope, name, argument) if p)

    def _positional(self, module, call: ast.Call, index: int) -> str:
        name = call.func.attr if isinstance(call.func, ast.Attribute) else ""
        if name in BUILDER_STEPS:
            return {"add_sink": "buffer_size", "aggregate": "input"}.get(name, str(index))
        if name == "get" and index == 1:
            return str(getattr(call.args[0], "value", index))
        for callee in self.flow.evaluate(call.func, self.flow.frame_at(module, call)):
            if isinstance(callee, External):
                return {"SinkConfig": "buffer_size", "Aggregate": "input"}.get(spdl_name(callee.name) or "", str(index))
            function = callee.function if isinstance(callee, Method) else callee
            if isinstance(function, Function):
                names = [a.arg for a in [*function.node.args.posonlyargs, *function.node.args.args]]
                names = names[1:] if isinstance(callee, Method) else names
                if index < len(names):
                    return names[index]
        return str(index)

    # -- by name only -----------------------------------------------------------------------------------------------

    def by_name(self, read_configs: list) -> None:
        """Flags, constants, fields and leaves whose name says that they tune, where dataflow did not reach them."""
        for definition in self.flow.flags.definitions:
            value = self.flow.flags.value(definition, self.flow).value
            if self._tells(definition.dest) and is_number(value) and self.settable(definition):
                self._add_named(Home(value, flag=definition, confidence="name"), definition.dest)
        given = self._defaults_of_flags()
        for config in read_configs:
            for pointer in config.places:
                name = pointer.rpartition("/")[2]
                if self._tells(name) and not _NOT_TRAINING.search(pointer):
                    value = self._leaf_value(config, pointer)
                    if value is not None and is_number(value):
                        self._add_named(Home(value, leaf=Leaf(value, config, pointer), confidence="name"), name)
        for module in self.flow.project.modules:
            for statement in self._declarations(module):
                owner = module.parents[statement]
                if isinstance(owner, ast.ClassDef) and (id(owner), getattr(statement.target, "id", "")) in self.flow.passed_fields:
                    continue
                target = statement.targets[0] if isinstance(statement, ast.Assign) else statement.target
                if isinstance(target, ast.Name) and self._tells(target.id) and isinstance(statement.value, ast.Constant):
                    if is_number(statement.value.value) and id(statement.value) not in given:
                        frame = self.flow.frame_at(module, statement.value)
                        self._add_named(Home(statement.value.value, node=statement.value, frame=frame, confidence="name"), target.id)

    def _defaults_of_flags(self) -> set[int]:
        """Literals that only say what a flag is when it is not given: the flag is the knob."""
        found: set[int] = set()
        for definition in self.flow.flags.definitions:
            if definition.default is not None:
                frame = definition.frame or self.flow.frame_at(definition.module, definition.default)
                found |= {id(v.node) for v in self.flow.evaluate(definition.default, frame) if isinstance(v, Literal)}
        return found

    @staticmethod
    def _declarations(module):
        for node in module.tree.body:
            if isinstance(node, (ast.Assign, ast.AnnAssign)) and node.value is not None:
                yield node
            elif isinstance(node, ast.ClassDef) and not node.name.lower().startswith("_autoresearch"):
                for inner in node.body:
                    if isinstance(inner, ast.AnnAssign) and inner.value is not None:
                        yield inner

    @staticmethod
    def _tells(name: str) -> bool:
        spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).replace("-", "_")
        return bool(_WORDS.search(spaced)) and not _NOT_TRAINING.search(spaced) and not spaced.startswith("_autoresearch")

    @staticmethod
    def _leaf_value(config, pointer: str):
        from .config_files import look_up

        return look_up(config.data, pointer)

    def _add_named(self, home: Home, name: str) -> None:
        if home.key in self.knobs or not home.value or home.value < 1:
            return
        lowered = name.lower()
        role = "batch_size" if re.search(r"batch_?size|per_batch|^batch$", lowered) else "prefetch" if "prefetch" in lowered else "other"
        self.add(home, role, None, None)


def _is_field_default(module, call: ast.Call, keyword: ast.keyword) -> bool:
    """`workers: int = field(default=4)`: the number is known by the field's name."""
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    return keyword.arg == "default" and name in ("field", "Field", "ib", "attrib") and isinstance(module.parents.get(call), (ast.AnnAssign, ast.Assign))
