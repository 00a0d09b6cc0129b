"""Flags that the code defines: argparse, click and typer; with what the launch command gives them."""

from __future__ import annotations

import ast
from dataclasses import dataclass

from ..flow.evaluator import Evaluator
from ..flow.frames import Frames
from ..flow.rounds import Rounds
from ..sources.project import Project
from ..values.values import Flag, Frame, concrete

_KINDS = {"add_argument": "argparse", "option": "click", "argument": "click"}


@dataclass(eq=False)
class FlagDefinition:
    options: list[str]
    dest: str
    call: ast.Call | None
    module: object
    default: ast.AST | None
    action: str
    kind: str  # argparse, click, plain (a function's parameter turned into a flag)
    # In which the default is read; None: where it stands.
    frame: Frame | None = None
    # As the launch command writes it (`-j`, an abbreviation); None where it does not.
    spelling: str | None = None

    @property
    def name(self) -> str:
        """The long form: what is put into a launch command that does not have it."""
        return next((o for o in self.options if o.startswith("--")), self.options[0])


class Flags:
    """All definitions of the project, once `read` has found them."""

    def __init__(self, project: Project, frames: Frames, evaluator: Evaluator, rounds: Rounds) -> None:
        self._project, self._frames, self._evaluator, self._rounds = project, frames, evaluator, rounds
        self.definitions: list[FlagDefinition] = []
        self.all_options: list[str] = []
        # Words without a flag, in the order of their definitions: the path of a configuration.
        self.positionals: list[tuple[str, str, object]] = []

    def read(self) -> None:
        """Finds the definitions; once this is done, names of arguments can be followed."""
        for module in self._project.modules:
            for node in ast.walk(module.tree):
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _KINDS:
                    frame = self._frames.at(module, node)
                    for _, inner in self._rounds.of(node, frame):
                        self._read(module, node, inner)
        self.all_options = [o for d in self.definitions for o in d.options]
        bare = [d for d in self.definitions if d.action not in ("store", "custom", "append")]
        self._project.launch.bare_options = {o for d in bare for o in d.options if len(o) == 2}
        for definition in self.definitions:
            definition.spelling = self._project.launch.spelling(definition.options, self.all_options)

    def _read(self, module, node: ast.Call, frame: Frame) -> None:
        kind = _KINDS[node.func.attr]
        words = [w for a in node.args if isinstance(w := self._evaluator.number(a, frame), str)]
        options = [o for word in words for o in word.split("/")[:1] if o.startswith("-")]
        if not options:
            if len(words) == 1 and not words[0].startswith("-") and words[0].isidentifier():
                count = next((self._evaluator.number(k.value, frame) for k in node.keywords if k.arg == "nargs"), None)
                self.positionals.append((words[0], str(count) if isinstance(count, (str, int)) else "", module))
            return
        keywords = {k.arg: k.value for k in node.keywords if k.arg}
        dest_node = keywords.get("dest")
        long = next((o for o in options if o.startswith("--")), options[0])
        dest = long.lstrip("-").replace("-", "_")
        if isinstance(dest_node, ast.Constant) and isinstance(dest_node.value, str):
            dest = dest_node.value
        bare = [w for w in words if not w.startswith("-")]
        if kind == "click" and bare:
            dest = bare[0]
        action = keywords.get("action")
        action_name = action.value if isinstance(action, ast.Constant) else ("store" if action is None else "custom")
        if "is_flag" in keywords:
            action_name = "store_true"
        self.definitions.append(
            FlagDefinition(options, dest, node, module, keywords.get("default"), str(action_name), kind, frame)
        )

    def by_dest(self, dest: str, near=None) -> FlagDefinition | None:
        """The definition of a destination; one in the module `near` is preferred."""
        found = [d for d in self.definitions if d.dest == dest]
        return next((d for d in found if d.module is near), found[0] if found else None)

    def value(self, definition: FlagDefinition) -> Flag:
        return Flag(self._in_force(definition), definition)

    def given(self, definition: FlagDefinition) -> str | None:
        takes_value = definition.action in ("store", "custom", "append")
        return self._project.launch.flag(definition.options, takes_value, self.all_options)

    def _in_force(self, definition: FlagDefinition):
        given = self.given(definition)
        if definition.action in ("store_true", "store_false"):
            return (given is not None) == (definition.action == "store_true")
        if given is not None:
            return self._convert(given, definition)
        if definition.default is None:
            return None
        frame = definition.frame or self._frames.at(definition.module, definition.default)
        value = concrete(self._evaluator.evaluate(definition.default, frame))
        if isinstance(value, str) and definition.call is not None and self._type(definition) in ("int", "float"):
            return self._convert(value, definition)
        return value

    @staticmethod
    def _type(definition: FlagDefinition) -> str:
        for keyword in definition.call.keywords if definition.call else []:
            if keyword.arg == "type":
                return keyword.value.id if isinstance(keyword.value, ast.Name) else "custom"
        return ""

    def _convert(self, text: str, definition: FlagDefinition):
        kind = self._type(definition)
        if kind == "" and definition.kind == "argparse":
            return text
        for convert in (int, float):
            if kind == "float" and convert is int:
                continue
            try:
                return convert(text)
            except ValueError:
                continue
        return text

    def override(self, key: str) -> FlagDefinition:
        """`a.b=4` in the launch command: the number stands in its word there."""
        return FlagDefinition([key], key, None, None, None, "store", "override")

    def positional(self, name: str, near=None) -> str | None:
        """The word of the launch command that a positional argument takes; None where it takes several or none."""
        own = [p for p in self.positionals if p[2] is near] or self.positionals
        index = next((i for i, p in enumerate(own) if p[0] == name), None)
        if index is None or any(count not in ("", "1", "?") for _, count, _ in own[: index + 1]):
            return None
        words = self._words_without_flags()
        return words[index] if index < len(words) else None

    def _words_without_flags(self) -> list[str]:
        found, arguments, at = [], self._project.launch.arguments, 0
        while at < len(arguments):
            word = arguments[at]
            at += 1
            if word == "--":
                return [*found, *arguments[at:]]
            if not word.startswith("-") or len(word) == 1:
                found.append(word)
                continue
            definition = next((d for d in self.definitions if word in d.options), None)
            if "=" in word or definition is None or definition.action not in ("store", "append", "custom"):
                continue
            count = (
                next((k.value for k in definition.call.keywords if k.arg == "nargs"), None) if definition.call else None
            )
            takes_several = isinstance(count, ast.Constant) and count.value in ("+", "*")
            at += count.value if isinstance(count, ast.Constant) and isinstance(count.value, int) else 1
            while takes_several and at < len(arguments) and not arguments[at].startswith("-"):
                at += 1
        return found

    def plain(self, name: str, default: ast.AST | None, module) -> FlagDefinition:
        """The flag that typer, fire and the like make of a parameter."""
        options = [f"--{name.replace('_', '-')}", f"--{name}"]
        return FlagDefinition(options, name, None, module, default, "store", "plain")
