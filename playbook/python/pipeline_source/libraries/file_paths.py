"""Paths and files: which file of the source directory an expression means, and what is read from it."""

from __future__ import annotations

import ast
import posixpath
from dataclasses import dataclass

from ..configs.config_files import is_config
from ..configs.config_roots import ConfigRoots
from ..flow.evaluator import Evaluator
from ..sources.project import Project
from ..values.values import Attribute, Computed, Concrete, ExternalCall, FileRef, Frame, Unknown, Value, is_number

_PATH_SAME = {"resolve", "absolute", "expanduser", "as_posix", "strip"}


@dataclass(eq=False)
class FilePaths:
    """Paths are texts here, as os.path and pathlib both take them."""

    _project: Project
    _evaluator: Evaluator
    _configs: ConfigRoots

    def file_of(self, values: list[Value], node: ast.Call, frame: Frame) -> list[Value]:
        for value in values:
            if isinstance(value, FileRef):
                return [value]
            if isinstance(value, Concrete) and isinstance(value.value, str):
                path = self._project.find_file(value.value)
                if path is not None:
                    return [FileRef(path)]
        return [ExternalCall("builtins.open", node, frame)]

    def config_of(self, values: list[Value], node: ast.Call, frame: Frame) -> list[Value]:
        for value in [*self.file_of(values, node, frame)]:
            if isinstance(value, FileRef) and is_config(value.path):
                leaf = self._configs.root(value.path)
                return [leaf] if leaf is not None else [Unknown(self._configs.problems[value.path])]
        return [ExternalCall("config", node, frame)]

    def path(self, node: ast.Call, frame: Frame) -> list[Value]:
        parts = [self._evaluator.number(a, frame) for a in node.args]
        if parts and all(isinstance(p, str) for p in parts):
            return [Computed(posixpath.join(*parts), node, frame)]
        if len(parts) == 1 and is_number(parts[0]):
            return [Computed(str(parts[0]), node, frame)]
        if not parts and not node.keywords:
            return [Computed(".", node, frame)]
        return [Unknown("path")]

    def joined(self, node: ast.Call, frame: Frame) -> list[Value]:
        parts = [self._evaluator.number(a, frame) for a in node.args]
        if parts and all(isinstance(p, str) for p in parts):
            return [Computed(posixpath.normpath(posixpath.join(*parts)), node, frame)]
        return [Unknown("path")]

    def text_method(self, receiver: Concrete, name: str, node: ast.Call, frame: Frame) -> list[Value]:
        text = receiver.value
        if name in ("open", "read_text", "read_bytes"):
            return self.file_of([receiver], node, frame)
        if name in _PATH_SAME:
            return [receiver]
        if name in ("replace", "lower", "upper", "removeprefix", "removesuffix"):
            parts = [self._evaluator.number(a, frame) for a in node.args]
            if all(isinstance(p, str) for p in parts):
                return [Computed(getattr(text, name)(*parts), node, frame)]
        if name in ("partition", "rpartition", "split", "rsplit"):
            parts = [self._evaluator.number(a, frame) for a in node.args]
            if parts and all(isinstance(p, (str, int)) for p in parts):
                return [Computed(getattr(text, name)(*parts), node, frame)]
        if name in ("joinpath", "with_suffix", "with_name"):
            parts = [self._evaluator.number(a, frame) for a in node.args]
            if all(isinstance(p, str) for p in parts):
                if name == "joinpath":
                    return [Computed(posixpath.join(text, *parts), node, frame)]
                stem = posixpath.splitext(text)[0] if name == "with_suffix" else posixpath.dirname(text) + "/"
                return [Computed(stem + parts[0], node, frame)]
        return [Unknown("text")]

    def attribute(self, base: Concrete, name: str, node: ast.AST, frame: Frame) -> list[Value]:
        if name == "parent":
            return [Computed(posixpath.dirname(base.value) or ".", node, frame)]
        if name == "parents":
            folders, at = [], base.value
            while posixpath.dirname(at) not in (at, ""):
                at = posixpath.dirname(at)
                folders.append(at)
            return [Concrete(folders)]
        if name in ("name", "stem"):
            file = posixpath.basename(base.value)
            return [Computed(file if name == "name" else posixpath.splitext(file)[0], node, frame)]
        return [Attribute(base, name, node, frame)]
