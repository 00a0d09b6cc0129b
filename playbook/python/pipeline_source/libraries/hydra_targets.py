"""What `hydra.utils.instantiate(cfg.loader)` makes: the class or function of the project that `_target_` names.

The configuration's other keys are its arguments, with what the call itself adds.
"""

from __future__ import annotations

import ast

from ..flow.values import Class, Concrete, Frame, Function, Value
from .registries import made_call

_CALLS = ("hydra.utils.instantiate", "hydra.utils.call", "hydra._internal.instantiate._instantiate2.instantiate")


def instantiated(flow, name: str, node: ast.Call, frame: Frame) -> list[Value] | None:
    """None where the call is no such one, or what it makes is not of the project."""
    if name not in _CALLS:
        return None
    config = node.args[0] if node.args else next((k.value for k in node.keywords if k.arg == "config"), None)
    for held in flow.evaluate(config, frame) if config is not None else []:
        if _text(flow, held, "_partial_", config, frame) is not None:
            continue
        target = _text(flow, held, "_target_", config, frame)
        for item in _named(flow, target) if isinstance(target, str) else []:
            return flow.call(item, [(made_call(flow, node, config, None), frame)])
    return None


def _text(flow, held: Value, key: str, node: ast.AST, frame: Frame):
    return next((v.value for v in flow.item(held, key, node, frame) if isinstance(v, Concrete)), None)


def _named(flow, target: str) -> list[Value]:
    path, _, name = target.rpartition(".")
    module = flow.project.main if path in ("__main__", flow.project.main.name) else flow.load_module(path)
    if module is None or name not in module.scope.bindings:
        return []
    found = flow.look_up(name, flow.open_frame(module.scope), None)
    return [v for v in found if isinstance(v, (Class, Function))]
