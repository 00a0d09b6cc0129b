"""Keys of mappings: dict displays, configurations, sequences, the environment."""

from __future__ import annotations

import ast
from dataclasses import dataclass

from ..command.overrides import Overrides
from ..configs.interpolation import number_in
from ..libraries.ini_parsers import IniParsers
from ..libraries.python_configs import PythonConfigs
from ..libraries.registries import Registries
from ..sources.project import Project
from ..values.layers import Layers, Under, of_layers, shadow
from ..values.overridden import Overridden
from ..values.values import (
    Arguments,
    Computed,
    Concrete,
    DictOf,
    External,
    ExternalCall,
    Frame,
    Instance,
    Leaf,
    Namespace,
    SequenceOf,
    UNKNOWN_NUMBER,
    Unknown,
    Value,
)
from .config_leaves import ConfigLeaves
from .evaluator import Evaluator
from .frames import Frames
from .laid import LaidOver, with_overlays
from .names import Names
from .stores import Stores


@dataclass(eq=False)
class Mappings:
    """What the code stores there, lays over it, or registers under it comes before what stands there."""

    _project: Project
    _overridden: Overridden
    _frames: Frames
    _evaluator: Evaluator
    _registries: Registries
    _names: Names
    _overrides: Overrides
    _overlays: LaidOver
    _python_configs: PythonConfigs
    _ini_parsers: IniParsers
    _stores: Stores
    _leaves: ConfigLeaves

    def item(self, base: Value, key, node: ast.AST, frame: Frame) -> list[Value]:
        """What `base[key]` may stand for, best first, where the expression `node` asks for it; never empty."""
        if isinstance(base, Leaf):
            return self._leaves.child(base, key)
        if isinstance(base, DictOf):
            return self.entry(base, key)
        if isinstance(base, Namespace):
            return with_overlays(
                self._overlays.laid_over(base, key), self._python_configs.name(base, key), self._overridden.homes
            )
        if held := self._registries.registered(base, key):
            return held
        if isinstance(base, Layers):
            return of_layers(base, lambda part: self.item(part, key, node, frame), self._overridden.homes)
        if isinstance(base, Under):
            return [base.value] if key == base.key else [Unknown(f"key {key!r}")]
        if isinstance(base, SequenceOf) and isinstance(key, int) and -len(base.elements) <= key < len(base.elements):
            return self._evaluator.evaluate(base.elements[key], base.frame)
        if isinstance(base, (Arguments, Instance)) and isinstance(key, str):
            return self._evaluator.attribute(base, key, node, frame)
        if isinstance(base, External) and base.name == "sys.argv" and isinstance(key, int):
            words = [self._project.script, *self._project.launch.arguments]
            return [Concrete(number_in(words[key]))] if -len(words) <= key < len(words) else [Unknown("argument")]
        if isinstance(base, External) and base.name == "os.environ" and isinstance(key, str):
            value = self._project.launch.environment.get(key)
            return [Unknown("environment")] if value is None else [Computed(value, node, frame)]
        if isinstance(base, ExternalCall) and base.name == "builtins.globals" and isinstance(key, str):
            return self._names.look_up(key, self._frames.open(base.frame.module.scope), None)
        if (held := self._ini_parsers.item(base, key, node, frame)) is not None:
            return held
        if isinstance(base, Arguments) and key == 0:
            return [base]
        if isinstance(base, External):
            # A generic alias: DataLoader[int].
            return [base]
        if isinstance(base, Concrete) and isinstance(base.value, (list, tuple, dict, str)):
            try:
                return [Computed(base.value[key], node, frame)]
            except (IndexError, KeyError, TypeError):
                return [Unknown("index")]
        return [Unknown("subscript")]

    def entry(self, base: DictOf, key) -> list[Value]:
        """What a dict display holds under a key, with what the code and the command put there."""
        return self._evaluator.unless_asked(("entry", id(base), key), lambda: self._entry_in_force(base, key))

    def _entry_in_force(self, base: DictOf, key) -> list[Value]:
        own = self._stores.in_display(base, key) or self._entry(base, key)
        own = self._overrides.entry(base, key, own)
        if all(isinstance(v, Unknown) for v in own):
            own = self._registries.registered(base, key) or own
        return with_overlays(self._overlays.laid_over(base, key), own, self._overridden.homes)

    def _entry(self, base: DictOf, key) -> list[Value]:
        if base.order is not None and base.merged:
            found: list[Value] = []
            for name, value in reversed(base.order):
                held: list[Value] = self._evaluator.evaluate(value, base.frame) if name == key else []
                if name is UNKNOWN_NUMBER:
                    held = [
                        v
                        for inner in self._evaluator.evaluate(value, base.frame)
                        for v in self.item(inner, key, value, base.frame)
                    ]
                held = [v for v in held if not isinstance(v, Unknown)]
                if found:
                    shadow(self._overridden.homes, held)
                found = found or held
            return found or [Unknown(f"key {key!r}")]
        for name, value in reversed(base.entries):
            if name == key:
                return self._evaluator.evaluate(value, base.frame)
        for other in reversed(base.merged):
            for value in self._evaluator.evaluate(other, base.frame):
                found = self.item(value, key, other, base.frame)
                if not isinstance(found[0], Unknown):
                    return found
        return [Unknown(f"key {key!r}")]
