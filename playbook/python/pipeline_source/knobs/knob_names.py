"""Ids of knobs: where they stand, in words that stay the same while code around them changes."""

from __future__ import annotations

import ast

from ..libraries.spdl_calls import BUILDER_STEPS, spdl_name
from ..sources.scopes import parameters
from ..sources.syntax import PASS_THROUGH_HELPERS, default_node
from ..values.values import (
    External,
    Function,
    Method,
)
from .knob import Home

_SAME_NAMES = {
    "_autoresearch_subprocess": "build",
    "_autoresearch_continued": "build",
    "build_pipeline": "build",
    "_autoresearch_subprocess_loader": "DataLoader",
}
_CONVERSIONS = {"int", "float", "str", "max", "min", "round", "abs"}


class KnobNames:
    """Gives each home an id that no other has."""

    def __init__(self, flow) -> None:
        self._flow = flow
        self._ids: dict[str, tuple] = {}

    def identify(self, home: Home) -> str:
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
                return (
                    self._call_name(module, parent, self._positional(module, parent, parent.args.index(child))) + suffix
                )
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
                is_partial = (
                    operation.func.attr
                    if isinstance(operation.func, ast.Attribute)
                    else getattr(operation.func, "id", "")
                ) == "partial"
                is_wrapped = getattr(operation.func, "id", "") in PASS_THROUGH_HELPERS
                operation = operation.args[0] if (is_partial or is_wrapped) and operation.args else operation.func
            name = (
                operation.attr
                if isinstance(operation, ast.Attribute)
                else getattr(operation, "id", "lambda" if isinstance(operation, ast.Lambda) else name)
            )
        name = name.removeprefix("_Autoresearch_")
        # A pipeline keeps the names of its knobs when it moves to a subprocess.
        name = _SAME_NAMES.get(name, name)
        return ".".join(p for p in (scope, name, argument) if p)

    def _positional(self, module, call: ast.Call, index: int) -> str:
        name = call.func.attr if isinstance(call.func, ast.Attribute) else ""
        if name in BUILDER_STEPS:
            return {"add_sink": "buffer_size", "aggregate": "input"}.get(name, str(index))
        if name == "get" and index == 1:
            return str(getattr(call.args[0], "value", index))
        for callee in self._flow.evaluate(call.func, self._flow.frames.at(module, call)):
            if isinstance(callee, External):
                return {"SinkConfig": "buffer_size", "Aggregate": "input"}.get(spdl_name(callee.name) or "", str(index))
            function = callee.function if isinstance(callee, Method) else callee
            if isinstance(function, Function):
                names = [a.arg for a in [*function.node.args.posonlyargs, *function.node.args.args]]
                names = names[1:] if isinstance(callee, Method) else names
                if index < len(names):
                    return names[index]
        return str(index)


def _is_field_default(module, call: ast.Call, keyword: ast.keyword) -> bool:
    """`workers: int = field(default=4)`: the number is known by the field's name."""
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    return (
        keyword.arg == "default"
        and name in ("field", "Field", "ib", "attrib")
        and isinstance(module.parents.get(call), (ast.AnnAssign, ast.Assign))
    )
