"""What a method of something that a library made gives: builders, pipelines, mappings, registries, parsers, texts."""

from __future__ import annotations

import ast
from dataclasses import dataclass

from ..flow.evaluator import Evaluator
from ..flow.returns import Returns
from ..values.layers import Layers, Under
from ..values.made import Made
from ..values.values import (
    Arguments,
    Builder,
    Class,
    Concrete,
    DictOf,
    ExternalCall,
    FileRef,
    Frame,
    Function,
    Leaf,
    Namespace,
    Pipeline,
    PipelineConfig,
    Unknown,
    Value,
)
from .file_paths import FilePaths
from .ini_parsers import GETTERS, IniParsers
from .registries import Registries
from .spdl_calls import BUILDER_STEPS


@dataclass(eq=False)
class LibraryMethods:
    """Answers by the receiver's kind first, then by the method's name."""

    _made: Made
    _evaluator: Evaluator
    _registries: Registries
    _returns: Returns
    _file_paths: FilePaths
    _ini_parsers: IniParsers

    def of(self, receiver: Value, name: str, node: ast.Call, frame: Frame) -> list[Value]:
        first = node.args[0] if node.args else None
        if isinstance(receiver, Builder):
            if name in BUILDER_STEPS:
                return [receiver]
            if name == "build":
                return [self._made.pipeline("build", node, frame, (node.func.value, frame))]
            if name == "get_config":
                return [PipelineConfig(node.func.value, frame, True)]
        if isinstance(receiver, Pipeline):
            return [receiver] if name in ("get_iterator", "__iter__", "__enter__") else [ExternalCall("", node, frame)]
        if (
            isinstance(receiver, (Leaf, DictOf, Arguments, Layers, Under, Namespace))
            and name in GETTERS | {"pop", "setdefault"}
            and first is not None
        ):
            key = self._evaluator.number(first, frame)
            found = self._evaluator.item(receiver, key, node, frame)
            named = next((k.value for k in node.keywords if k.arg == "fallback"), None)
            default = node.args[1] if len(node.args) > 1 else named
            return self._evaluator.evaluate(default, frame) if isinstance(found[0], Unknown) and default else found
        if isinstance(receiver, (Leaf, DictOf, Layers, Namespace)) and name in ("copy", "clone", "to_dict"):
            return [receiver]
        if isinstance(receiver, FileRef):
            return [receiver]
        if (read := self._ini_parsers.of_method(receiver, name, node, frame)) is not None:
            return read
        if first is not None and name in ("get", "build", "create") and self._registries.is_registry(receiver):
            key = self._evaluator.number(first, frame)
            held = self._registries.registered(receiver, key)
            return (
                held
                or self._registries.built_by(receiver, node, first, frame)
                or [ExternalCall("", node, frame, receiver)]
            )
        if name in ("parse_args", "parse_known_args", "parse_intermixed_args") and _is_parser(receiver):
            return [Arguments()]
        if isinstance(receiver, Concrete) and isinstance(receiver.value, str):
            return self._file_paths.text_method(receiver, name, node, frame)
        if (
            isinstance(receiver, ExternalCall)
            and receiver.name.endswith("ExitStack")
            and name == "enter_context"
            and first is not None
        ):
            return self._returns.entered(self._evaluator.evaluate(first, frame))
        return [ExternalCall("", node, frame, receiver)]


def _is_parser(receiver: Value) -> bool:
    if isinstance(receiver, (Class, Function, Leaf, DictOf)):
        return False
    return True
