"""Parameters that click, typer, fire and hydra fill from the command line."""

from __future__ import annotations

import ast
from dataclasses import dataclass

from ..configs.config_roots import ConfigRoots
from ..flow.code_index import CodeIndex
from ..flow.evaluator import Evaluator
from ..flow.frames import Frames
from ..libraries.hydra_config import composed
from ..sources.project import Project
from ..sources.syntax import base_name, default_node, last_name
from ..values.made import Made
from ..values.values import Frame, Function, Value
from .flags import Flags


@dataclass(eq=False)
class CommandParameters:
    """Answers for functions that are commands; an empty answer for any other."""

    _project: Project
    _index: CodeIndex
    _made: Made
    _frames: Frames
    _evaluator: Evaluator
    _configs: ConfigRoots
    _flags: Flags

    def parameter(self, function: Function, name: str, frame: Frame) -> list[Value]:
        """Parameters that click, typer, fire and hydra fill from the command line."""
        node = function.node
        if isinstance(node, ast.Lambda):
            return []
        names = [base_name(d.func if isinstance(d, ast.Call) else d) for d in node.decorator_list]
        attrs = [last_name(d.func if isinstance(d, ast.Call) else d) for d in node.decorator_list]
        if "option" in attrs or "option" in names:
            definition = self._flags.by_dest(name, function.module)
            if definition is not None:
                return [self._made.once(("flag", id(definition)), lambda: self._flags.value(definition))]
        if "main" in attrs and "hydra" in names:
            return self._hydra_config(node, frame)
        turned = any(
            call.args
            and last_name(call.func) in ("run", "Fire", "cli")
            and base_name(call.func) in ("typer", "fire", "tyro")
            and any(
                isinstance(v, Function) and v.node is node
                for v in self._evaluator.evaluate(call.args[0], self._frames.at(module, call))
            )
            for key in ("run", "Fire", "cli")
            for module, call in self._index.calls.get(key, [])
        )
        if not turned and not ({"command", "callback"} & set(attrs) and "option" not in attrs and self._uses("typer")):
            return []
        default = default_node(node, name)
        if isinstance(default, ast.Call) and last_name(default.func) in ("Option", "Argument"):
            keywords = {k.arg: k.value for k in default.keywords}
            default = keywords.get("default", default.args[0] if default.args else None)
        definition = self._made.once(
            ("plain flag", id(node), name), lambda: self._flags.plain(name, default, function.module)
        )
        return [self._made.once(("flag", id(definition)), lambda: self._flags.value(definition))]

    def _uses(self, package: str) -> bool:
        return any(
            isinstance(n, ast.Import)
            and any(a.name == package for a in n.names)
            or isinstance(n, ast.ImportFrom)
            and n.module == package
            for m in self._project.modules
            for n in ast.walk(m.tree)
        )

    def _hydra_config(self, node, frame: Frame) -> list[Value]:
        for decorator in node.decorator_list:
            if isinstance(decorator, ast.Call) and last_name(decorator.func) == "main":
                keywords = {k.arg: k.value for k in decorator.keywords}
                folder = (
                    self._evaluator.number(keywords["config_path"], frame.parent or frame)
                    if "config_path" in keywords
                    else ""
                )
                file = (
                    self._evaluator.number(keywords["config_name"], frame.parent or frame)
                    if "config_name" in keywords
                    else ""
                )
                given = self._project.launch.flag(["--config-name", "-cn"])
                file = given or file
                if isinstance(folder, str) and isinstance(file, str):
                    found = composed(self._project, self._configs, folder, file)
                    if found is not None:
                        return [found]
        return []
