"""Configurations that are Python files: runpy, importlib, exec and the `Config.fromfile` of the OpenMMLab libraries.

Such a file is a module whose names are read as the keys of a mapping, so a number in it is a literal in code and is set
there. `key=value` words of the launch command stand above what the file says, by their dotted key.
"""

from __future__ import annotations

import ast
import os

from ..configs.interpolation import number_in
from ..flow.layers import Layers, shadow
from ..flow.values import Concrete, DictOf, ExternalCall, FileRef, Flag, Frame, ModuleRef
from ..flow.values import Namespace, SequenceOf, Unknown, Value, is_number
from ..sources.syntax import own_statements, simple_name

MAX_BASES = 16
_RUN_BY_PATH = {"runpy.run_path", "imp.load_source"}
_MODULES_BY_NAME = {"importlib.import_module", "runpy.run_module", "builtins.__import__"}
_READING_CALLS = {"run_path", "exec", "execfile", "import_module", "exec_module", "load_module", "load_source"}


def namespace_of_call(flow, name: str, node: ast.Call, frame: Frame) -> list[Value] | None:
    """What a call that runs a Python file of the project gives; None when it is no such call."""
    if name in _MODULES_BY_NAME and node.args:
        module = flow.load_module(_module_name(flow, node, frame))
        if module is None:
            return None
        return [_namespace(flow, module) if name == "runpy.run_module" else ModuleRef(module)]
    if name in _RUN_BY_PATH and node.args:
        # load_source takes a name first.
        module = _module_at(flow, node.args[-1 if name.endswith("load_source") else 0], frame)
        return None if module is None else [_namespace(flow, module) if name == "runpy.run_path" else ModuleRef(module)]
    last = name.rpartition(".")[2]
    if last == "module_from_spec" and node.args:
        for spec in flow.evaluate(node.args[0], frame):
            if isinstance(spec, ExternalCall) and spec.name.endswith("spec_from_file_location"):
                given = [*spec.node.args[1:2], *[k.value for k in spec.node.keywords if k.arg == "location"]]
                module = _module_at(flow, given[0], spec.frame) if given else None
                return None if module is None else [ModuleRef(module)]
        return None
    if last in ("fromfile", "from_file", "fromstring") and "Config" in name and node.args:
        module = _module_at(flow, node.args[0], frame)
        return None if module is None else [with_bases(flow, module)]
    return None


def config_read_by(flow, function, paths: list[str]) -> Value | None:
    """What a reader of the project's own makes of the Python file that it is given and runs."""
    if not any(isinstance(n, ast.Call) and simple_name(n.func) in _READING_CALLS for n in ast.walk(function.node)):
        return None
    for path in paths:
        module = flow.load_file(path) if path.endswith(".py") else None
        if module is not None:
            return with_bases(flow, module, not _replaces_whole_values(function))
    return None


def _replaces_whole_values(function) -> bool:
    """`below.update(values)`, `below | values`: what a key holds is replaced, not merged."""
    nodes = own_statements(function.node)
    return any(
        isinstance(n, ast.Call)
        and getattr(n.func, "attr", "") == "update"
        or isinstance(getattr(n, "op", None), ast.BitOr)
        for n in nodes
    )


def follows_bases(function: ast.AST) -> bool:
    """Whether a reader of the project's own runs Python files and goes on to those that `_base_` names."""
    nodes = own_statements(function)
    return any(isinstance(n, ast.Constant) and n.value == "_base_" for n in nodes) and any(
        isinstance(n, ast.Call) and simple_name(n.func) in _READING_CALLS for n in nodes
    )


def with_bases(flow, module, is_deep: bool = True, depth: int = 0) -> Value:
    """The configuration with those that its `_base_` names below it, merged in depth as OpenMMLab's reader does."""
    own = _namespace(flow, module)
    parts: list[Value] = []
    frame = flow.open_frame(module.scope)
    for value in flow.look_up("_base_", frame, None) if "_base_" in module.scope.bindings else []:
        names = [value.value] if isinstance(value, Concrete) else []
        if isinstance(value, SequenceOf):
            names = [flow.number(e, value.frame) for e in value.elements]
        for name in names:
            path = os.path.normpath(os.path.join(os.path.dirname(module.path), name)) if isinstance(name, str) else ""
            base = flow.load_file(path) if path and depth < MAX_BASES else None
            if base is not None and base is not module:
                below = with_bases(flow, base, is_deep, depth + 1)
                parts += below.parts if isinstance(below, Layers) else [below]
    if not parts:
        return own
    return flow._once(("with bases", module.path, is_deep), lambda: Layers([*parts, own], is_deep))


def name_in(flow, base: Namespace, key) -> list[Value]:
    """A name of the configuration, with what the launch command says of it."""
    if not isinstance(key, str) or key not in base.module.scope.bindings:
        return [Unknown(f"key {key!r}")]
    return overridden(flow, key, flow.look_up(key, flow.open_frame(base.module.scope), None))


def entry_in(flow, base: DictOf, key, own: list[Value]) -> list[Value]:
    """An entry of a dict display that stands in a configuration, with what the launch command says of it."""
    path = flow.config_paths.get(id(base))
    return own if path is None or not isinstance(key, str) else overridden(flow, f"{path}.{key}".lstrip("."), own)


def override_in(flow, path: str) -> Value | None:
    """What the launch command gives a key of a configuration, `a.b=4`; None where it says nothing of it."""
    given = flow.project.launch.override(path)
    if given is None:
        return None
    value = number_in(given)
    if not is_number(value):
        return flow._once(("override value", path), lambda: Concrete(value))
    definition = flow._once(("override", path), lambda: flow.flags.override(path))
    return flow._once(("override value", path), lambda: Flag(value, definition))


def overridden(flow, path: str, own: list[Value]) -> list[Value]:
    given = override_in(flow, path)
    if given is not None:
        shadow(flow.not_in_force, own)
        return [given]
    for value in own:
        if isinstance(value, DictOf):
            flow.config_paths[id(value)] = flow.config_paths.get(id(value)) or path
            flow._keep.append(value)
    return own


def _namespace(flow, module) -> Namespace:
    return flow._once(("namespace", module.path), lambda: Namespace(module))


def _module_at(flow, node: ast.AST, frame: Frame):
    for value in flow.evaluate(node, frame):
        path = value.path if isinstance(value, FileRef) else getattr(value, "value", None)
        found = flow.project.find_file(path) if isinstance(path, str) else None
        if found is not None and found.endswith(".py"):
            return flow.load_file(found)
    return None


def _module_name(flow, node: ast.Call, frame: Frame) -> str:
    name = flow.number(node.args[0], frame)
    package = flow.number(node.args[1], frame) if len(node.args) > 1 else None
    if isinstance(name, str) and name.startswith(".") and isinstance(package, str):
        return f"{package}{name}"
    return name if isinstance(name, str) else ""
