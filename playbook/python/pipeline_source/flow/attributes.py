"""Attributes of values: who answers for which kind of value."""

from __future__ import annotations

import ast
from dataclasses import dataclass

from ..command.arguments import CommandArguments
from ..command.flags import Flags
from ..libraries.file_paths import FilePaths
from ..sources.project import Project
from ..sources.syntax import base_name
from ..values.layers import Layers, Under, of_layers
from ..values.made import Made
from ..values.overridden import Overridden
from ..values.values import (
    Arguments,
    Attribute,
    Class,
    Concrete,
    DictOf,
    External,
    Frame,
    Function,
    Instance,
    Leaf,
    ModuleRef,
    Namespace,
    Unknown,
    Value,
)
from .class_attributes import ClassAttributes
from .config_leaves import ConfigLeaves
from .evaluator import Evaluator
from .frames import Frames
from .instance_attributes import InstanceAttributes
from .laid import LaidOver, with_overlays
from .names import Names

_ARGUMENT_NAMES = {
    "args",
    "opts",
    "opt",
    "options",
    "flags",
    "FLAGS",
    "hparams",
    "cli",
    "ns",
    "namespace",
    "cfg",
    "config",
}
_MAPPING_METHODS = {"get", "getint", "getfloat", "pop", "setdefault", "items", "keys", "values", "copy", "clone", "update"}


@dataclass(eq=False)
class Attributes:
    """Names of a mapping's methods are never keys of it."""

    _project: Project
    _made: Made
    _overridden: Overridden
    _frames: Frames
    _evaluator: Evaluator
    _flags: Flags
    _names: Names
    _overlays: LaidOver
    _leaves: ConfigLeaves
    _arguments: CommandArguments
    _class_attributes: ClassAttributes
    _instance_attributes: InstanceAttributes
    _file_paths: FilePaths

    def attribute(self, base: Value, name: str, node: ast.AST, frame: Frame) -> list[Value]:
        """What `base.name` may stand for, best first, where the expression `node` asks for it."""
        if isinstance(base, ModuleRef):
            if name == "__dict__":
                return [self._made.namespace(base.module)]
            if name in base.module.scope.bindings or "*" in base.module.scope.bindings:
                return self._names.look_up(name, self._frames.open(base.module.scope), None)
            inner = self._project.module(f"{base.module.name}.{name}")
            return [ModuleRef(inner)] if inner is not None else [Unknown(name)]
        if isinstance(base, (Class, Function)) and name in ("__name__", "__qualname__") and hasattr(base.node, "name"):
            return [Concrete(base.node.name)]
        if isinstance(base, Namespace) and name not in _MAPPING_METHODS:
            return self._evaluator.item(base, name, node, frame)
        if isinstance(base, External):
            return [External(f"{base.name}.{name}")]
        if isinstance(base, Instance):
            return self._instance_attributes.of(base, name, node, frame)
        if isinstance(base, Class):
            return self._class_attributes.of(base, name, base)
        if isinstance(base, Arguments):
            laid = [
                each
                for each in self._overlays.laid_over(base, name)
                if each.when != "known" or not self._arguments.is_given(name, frame)
            ]
            return with_overlays(laid, self._arguments.value(name, frame, followed=True), self._overridden.homes)
        if isinstance(base, Leaf) and name not in _MAPPING_METHODS and not isinstance(base.value, str):
            return self._leaves.child(base, name)
        if isinstance(base, DictOf) and name not in _MAPPING_METHODS:
            return self._evaluator.item(base, name, node, frame)
        if isinstance(base, Layers) and name not in _MAPPING_METHODS:
            return of_layers(base, lambda part: self.attribute(part, name, node, frame), self._overridden.homes)
        if isinstance(base, Under) and name not in _MAPPING_METHODS:
            return self._evaluator.item(base, name, node, frame)
        if isinstance(base, Unknown):
            text = base_name(node)
            if text in _ARGUMENT_NAMES and self._flags.by_dest(name) is not None:
                return self._arguments.value(name, frame, followed=False)
            return [Unknown(name)]
        if isinstance(base, Concrete) and isinstance(base.value, str):
            return self._file_paths.attribute(base, name, node, frame)
        return [Attribute(base, name, node, frame)]
