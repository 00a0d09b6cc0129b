"""Configurations that are Python files: runpy, importlib, exec and the `Config.fromfile` of the OpenMMLab libraries.

Such a file is a module whose names are read as the keys of a mapping, so a number in it is a literal in code and is set
there. `key=value` words of the launch command stand above what the file says, by their dotted key."""

from __future__ import annotations

import ast
import os
from dataclasses import dataclass

from ..command.overrides import Overrides
from ..flow.code_index import CodeIndex
from ..flow.evaluator import Evaluator
from ..flow.frames import Frames
from ..flow.names import Names
from ..sources.project import Project
from ..values.layers import Layers
from ..values.made import Made
from ..values.values import Concrete, ExternalCall, FileRef, Frame, ModuleRef, Namespace, SequenceOf, Unknown, Value
from .python_readers import replaces_whole_values, runs_files

MAX_BASES = 16
_RUN_BY_PATH = {"runpy.run_path", "imp.load_source"}
_MODULES_BY_NAME = {"importlib.import_module", "runpy.run_module", "builtins.__import__"}


@dataclass(eq=False)
class PythonConfigs:
    """A file is followed as the call that reads it does: alone, or with those that its `_base_` names."""

    _project: Project
    _index: CodeIndex
    _made: Made
    _frames: Frames
    _evaluator: Evaluator
    _names: Names
    _overrides: Overrides

    def of_call(self, name: str, node: ast.Call, frame: Frame) -> list[Value] | None:
        """What a call that runs a Python file of the project gives; None when it is no such call."""
        if name in _MODULES_BY_NAME and node.args:
            module = self._index.module_named(self._module_name(node, frame))
            if module is None:
                return None
            return [self._made.namespace(module) if name == "runpy.run_module" else ModuleRef(module)]
        if name in _RUN_BY_PATH and node.args:
            # load_source takes a name first.
            module = self._module_at(node.args[-1 if name.endswith("load_source") else 0], frame)
            return (
                None
                if module is None
                else [self._made.namespace(module) if name == "runpy.run_path" else ModuleRef(module)]
            )
        last = name.rpartition(".")[2]
        if last == "module_from_spec" and node.args:
            for spec in self._evaluator.evaluate(node.args[0], frame):
                if isinstance(spec, ExternalCall) and spec.name.endswith("spec_from_file_location"):
                    given = [*spec.node.args[1:2], *[k.value for k in spec.node.keywords if k.arg == "location"]]
                    module = self._module_at(given[0], spec.frame) if given else None
                    return None if module is None else [ModuleRef(module)]
            return None
        if last in ("fromfile", "from_file", "fromstring") and "Config" in name and node.args:
            module = self._module_at(node.args[0], frame)
            return None if module is None else [self._with_bases(module)]
        return None

    def read_by(self, function, paths: list[str]) -> Value | None:
        """What a reader of the project's own makes of the Python file that it is given and runs."""
        if not runs_files(function):
            return None
        for path in paths:
            module = self._index.file(path) if path.endswith(".py") else None
            if module is not None:
                return self._with_bases(module, not replaces_whole_values(function))
        return None

    def _with_bases(self, module, is_deep: bool = True, depth: int = 0) -> Value:
        """The configuration with those that its `_base_` names below it, merged in depth as OpenMMLab's reader does."""
        own = self._made.namespace(module)
        parts: list[Value] = []
        frame = self._frames.open(module.scope)
        for value in self._names.look_up("_base_", frame, None) if "_base_" in module.scope.bindings else []:
            names = [value.value] if isinstance(value, Concrete) else []
            if isinstance(value, SequenceOf):
                names = [self._evaluator.number(e, value.frame) for e in value.elements]
            for name in names:
                path = (
                    os.path.normpath(os.path.join(os.path.dirname(module.path), name)) if isinstance(name, str) else ""
                )
                base = self._index.file(path) if path and depth < MAX_BASES else None
                if base is not None and base is not module:
                    below = self._with_bases(base, is_deep, depth + 1)
                    parts += below.parts if isinstance(below, Layers) else [below]
        if not parts:
            return own
        return self._made.once(("with bases", module.path, is_deep), lambda: Layers([*parts, own], is_deep))

    def name(self, base: Namespace, key) -> list[Value]:
        """A name of the configuration, with what the launch command says of it."""
        if not isinstance(key, str) or key not in base.module.scope.bindings:
            return [Unknown(f"key {key!r}")]
        return self._overrides.laid_on(key, self._names.look_up(key, self._frames.open(base.module.scope), None))

    def _module_at(self, node: ast.AST, frame: Frame):
        for value in self._evaluator.evaluate(node, frame):
            path = value.path if isinstance(value, FileRef) else getattr(value, "value", None)
            found = self._project.find_file(path) if isinstance(path, str) else None
            if found is not None and found.endswith(".py"):
                return self._index.file(found)
        return None

    def _module_name(self, node: ast.Call, frame: Frame) -> str:
        name = self._evaluator.number(node.args[0], frame)
        package = self._evaluator.number(node.args[1], frame) if len(node.args) > 1 else None
        if isinstance(name, str) and name.startswith(".") and isinstance(package, str):
            return f"{package}{name}"
        return name if isinstance(name, str) else ""
