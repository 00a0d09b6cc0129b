"""configparser: which files a parser object has read, and what its getters give."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field

from ..flow.code_index import CodeIndex
from ..flow.evaluator import Evaluator
from ..flow.frames import Frames
from ..values.layers import layered
from ..values.values import ExternalCall, Frame, Leaf, SequenceOf, Unknown, Value
from .file_paths import FilePaths

_PARSERS = {"ConfigParser", "RawConfigParser", "SafeConfigParser"}
_READERS = ("read", "read_file", "readfp", "read_string")
GETTERS = {"get", "getint", "getfloat"}


@dataclass(eq=False)
class IniParsers:
    """A parser is known by the call that made it; files that it reads later lie over the earlier ones."""

    _index: CodeIndex
    _frames: Frames
    _evaluator: Evaluator
    _file_paths: FilePaths
    _active: set[int] = field(default_factory=set, init=False)

    def content(self, value: Value) -> Value | None:
        """The sections that a parser holds; None for what is no parser, or one whose files are not known."""
        if not _is_parser(value) or id(value.node) in self._active:
            return None
        self._active.add(id(value.node))
        try:
            parts = [leaf for name in _READERS for call in self._index.calls.get(name, []) for leaf in self._read_by(value, *call)]
        finally:
            self._active.discard(id(value.node))
        return layered(parts) if parts else None

    def item(self, value: Value, key, node: ast.AST, frame: Frame) -> list[Value] | None:
        """`parser["section"]`; None for what is no parser."""
        content = self.content(value)
        return None if content is None else self._evaluator.item(content, key, node, frame)

    def of_method(self, receiver: Value, name: str, node: ast.Call, frame: Frame) -> list[Value] | None:
        """`parser.getint("section", "key", fallback=1)`, `parser.items("section")`; None for anything else."""
        if name not in GETTERS | {"items"} or len(node.args) < (1 if name == "items" else 2):
            return None
        content = self.content(receiver)
        if content is None:
            return None
        keys = [self._evaluator.number(a, frame) for a in node.args[: 1 if name == "items" else 2]]
        found: list[Value] = [content]
        for key in keys:
            found = [v for holder in found for v in self._evaluator.item(holder, key, node, frame)]
        fallback = next((k.value for k in node.keywords if k.arg == "fallback"), None)
        if all(isinstance(v, Unknown) for v in found) and fallback is not None:
            return self._evaluator.evaluate(fallback, frame)
        return found

    def _read_by(self, parser: ExternalCall, module, call: ast.Call) -> list[Leaf]:
        if not isinstance(call.func, ast.Attribute) or not call.args:
            return []
        frame = self._frames.at(module, call)
        holders = self._evaluator.evaluate(call.func.value, frame)
        if not any(_is_parser(v) and v.node is parser.node for v in holders):
            return []
        named: list[Value] = []
        for value in self._evaluator.evaluate(call.args[0], frame):
            parts = [self._evaluator.evaluate(e, value.frame) for e in value.elements] if isinstance(value, SequenceOf) else [[value]]
            for part in parts:
                named += [v for v in self._file_paths.config_of(part, call, frame) if isinstance(v, Leaf)]
        return named


def _is_parser(value: Value) -> bool:
    return (
        isinstance(value, ExternalCall)
        and value.receiver is None
        and value.name.split(".")[0] in ("configparser", "ConfigParser")
        and value.name.rpartition(".")[2] in _PARSERS
    )
