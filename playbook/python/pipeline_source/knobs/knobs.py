"""Numbers that tune a pipeline, traced to their homes: flags, literals in the code, leaves of configuration files."""

from __future__ import annotations

import ast

from ..command.shell_words import Placed
from ..stages.stages import Stage, Step
from ..values.values import (
    Concrete,
    DictOf,
    ExternalCall,
    Flag,
    Frame,
    Leaf,
    InCode,
    Literal,
    Unknown,
    Value,
    is_number,
)
from .knob import Home, Knob
from .knob_names import KnobNames


class KnobFinder:
    """`knobs` by the key of their home, in the order in which they were found."""

    def __init__(self, flow, names: KnobNames) -> None:
        self._flow, self._names = flow, names
        self.knobs: dict[tuple, Knob] = {}

    # -- homes ------------------------------------------------------------------------------------------------------

    def home(self, node: ast.AST, frame: Frame) -> Home | None:
        """Home of the number that an expression gives; the expression itself when it has none or several."""
        values = self._flow.evaluate(node, frame)
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
                for value in self._flow.evaluate(keyword.value, step.frame):
                    found = self._flow.item(value, name, keyword.value, step.frame)
                    if not isinstance(found[0], Unknown):
                        return self._single_home(found, step.frame)
                    if not isinstance(value, (DictOf, Leaf)):
                        return None
        return False

    def _home_of(self, value: Value, frame: Frame) -> Home | None:
        if isinstance(value, Flag):
            confidence = "dataflow" if value.followed else "name"
            if (place := self._place_in_wrapper(value)) is not None:
                return Home(value.value, leaf=place, confidence=confidence)
            if self.settable(value.definition):
                return Home(value.value, flag=value.definition, confidence=confidence)
            default = value.definition.default
            inner = value.definition.frame or (
                self._flow.frames.at(value.definition.module, default) if default is not None else None
            )
            return (
                self.home(default, inner)
                if inner is not None and default is not None and self._flow.flags.given(value.definition) is None
                else None
            )
        overriding = self._given_flag(value)
        if overriding is not None:
            return overriding
        if isinstance(value, Leaf):
            pointer = value.config.home_of(value.pointer)
            if pointer not in value.config.places:
                return None
            return Home(value.value, leaf=Leaf(value.value, value.config, pointer))
        if isinstance(value, InCode) and hasattr(value.node, "lineno"):
            return Home(value.value, node=value.node, frame=value.frame)
        return None

    def _given_flag(self, value: Value) -> Home | None:
        """A flag of the same name as a field or key, given in the command: it overrides, however that is written."""
        name = None
        if isinstance(value, Leaf):
            name = value.pointer.rpartition("/")[2]
        elif isinstance(value, Literal) and isinstance(
            parent := value.frame.module.parents.get(value.node), ast.AnnAssign
        ):
            name = parent.target.id if isinstance(parent.target, ast.Name) else None
        if not name or not name.isidentifier():
            return None
        plain = ("plain override", name)
        definition = self._flow.flags.by_dest(name) or self._flow.made.once(
            plain, lambda: self._flow.flags.plain(name, None, None)
        )
        if self._flow.flags.given(definition) is None:
            return None
        given = self._flow.flags.value(definition).value
        return Home(given, flag=definition, confidence="name") if is_number(given) else None

    def _place_in_wrapper(self, value: Flag) -> Leaf | None:
        """Where the number of a flag stands in the shell script that starts the job."""
        given = self._flow.flags.given(value.definition)
        number = given.number() if isinstance(given, Placed) else None
        root = self._flow.configs.root(number[0]) if number is not None else None
        for pointer, place in root.config.places.items() if root is not None else []:
            if (place.start, place.end) == number[1:]:
                return Leaf(value.value, root.config, pointer)
        return None

    def settable(self, definition) -> bool:
        """Whether the launch command can set it: it runs the script itself, or names the flag already."""
        launch = self._flow.project.launch
        return launch.names_script or (launch.wrapper is None and self._flow.flags.given(definition) is not None)

    # -- the knobs of a pipeline ------------------------------------------------------------------------------------

    def number(
        self, step: Step, position: int, name: str, role: str, stage: str | None, index: int, default: float | None
    ):
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

    def executor(self, stage: Stage, index: int) -> tuple[float | None, str | None] | None:
        """(max_workers, its knob) of the pool of its own that a stage runs in; None where it shares the pipeline's."""
        node = stage.step.argument(99, "executor") if stage.step else None
        values = self._flow.evaluate(node, stage.step.frame) if node is not None else []
        if all(isinstance(v, Concrete) and v.value is None for v in values):
            return None
        for value in values:
            if isinstance(value, ExternalCall) and value.name.endswith("PoolExecutor"):
                workers = Step("executor", value.node, value.frame).argument(0, "max_workers")
                home = self.home(workers, value.frame) if workers is not None else None
                if home is None:
                    return None, None
                return home.value, self.add(home, "num_threads", stage.name, index).id
        return None, None

    def add(self, home: Home, role: str, stage: str | None, pipeline: int | None) -> Knob:
        knob = self.knobs.get(home.key)
        if knob is None:
            knob = self.knobs[home.key] = Knob(self._names.identify(home), role, home)
        if stage is not None:
            knob.stages.append(stage)
        if pipeline is not None and pipeline not in knob.pipelines:
            knob.pipelines.append(pipeline)
        return knob
