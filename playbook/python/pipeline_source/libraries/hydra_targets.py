"""What `hydra.utils.instantiate(cfg.loader)` makes: the class or function of the project that `_target_` names.

The configuration's other keys are its arguments, with what the call itself adds."""

from __future__ import annotations

from dataclasses import dataclass

import ast

from ..flow.code_index import CodeIndex
from ..flow.evaluator import Evaluator
from ..flow.frames import Frames
from ..flow.names import Names
from ..sources.project import Project
from ..values.made import Made
from ..values.values import Class, Concrete, Frame, Function, Value
from .made_calls import made_call

_CALLS = ("hydra.utils.instantiate", "hydra.utils.call", "hydra._internal.instantiate._instantiate2.instantiate")


@dataclass(eq=False)
class HydraTargets:
    """None where a call is no such one, or what it makes is not of the project."""

    _project: Project
    _index: CodeIndex
    _made: Made
    _frames: Frames
    _evaluator: Evaluator
    _names: Names

    def instantiated(self, name: str, node: ast.Call, frame: Frame) -> list[Value] | None:
        """None where the call is no such one, or what it makes is not of the project."""
        if name not in _CALLS:
            return None
        config = node.args[0] if node.args else next((k.value for k in node.keywords if k.arg == "config"), None)
        for held in self._evaluator.evaluate(config, frame) if config is not None else []:
            if self._text(held, "_partial_", config, frame) is not None:
                continue
            target = self._text(held, "_target_", config, frame)
            for item in self._named(target) if isinstance(target, str) else []:
                return self._evaluator.call(item, [(made_call(self._made, node, config, None), frame)])
        return None

    def _text(self, held: Value, key: str, node: ast.AST, frame: Frame):
        return next((v.value for v in self._evaluator.item(held, key, node, frame) if isinstance(v, Concrete)), None)

    def _named(self, target: str) -> list[Value]:
        path, _, name = target.rpartition(".")
        module = self._project.main if path in ("__main__", self._project.main.name) else self._index.module_named(path)
        if module is None or name not in module.scope.bindings:
            return []
        found = self._names.look_up(name, self._frames.open(module.scope), None)
        return [v for v in found if isinstance(v, (Class, Function))]
