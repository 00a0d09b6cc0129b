"""Attributes of what argparse's parse_args() returns."""

from __future__ import annotations

from dataclasses import dataclass


from ..configs.interpolation import number_in
from ..flow.code_index import CodeIndex
from ..flow.evaluator import Evaluator
from ..flow.frames import Frames
from ..flow.stores import Stores
from ..values.layers import shadow
from ..values.made import Made
from ..values.overridden import Overridden
from ..values.values import Arguments, Concrete, Flag, Frame, Unknown, Value
from .flags import Flags


@dataclass(eq=False)
class CommandArguments:
    """A flag as the command gives it, a positional word, `set_defaults`, or what the code stores there."""

    _index: CodeIndex
    _made: Made
    _overridden: Overridden
    _frames: Frames
    _evaluator: Evaluator
    _flags: Flags
    _stores: Stores

    def is_given(self, name: str, frame: Frame) -> bool:
        definition = self._flags.by_dest(name, frame.module)
        return definition is not None and self._flags.given(definition) is not None

    def value(self, name: str, frame: Frame, followed: bool) -> list[Value]:
        stored = self._stores.on_attribute(name, lambda v: isinstance(v, Arguments))
        definition = self._flags.by_dest(name, frame.module)
        if definition is None:
            word = self._flags.positional(name, frame.module)
            given = [Concrete(number_in(word))] if word is not None else []
            return [*stored, *given] or [Unknown(f"argument {name}")]
        flag = self._made.once(("flag", id(definition)), lambda: self._flags.value(definition))
        if not followed:
            flag = Flag(flag.value, definition, False)
        if self._flags.given(definition) is None:
            default = self._set_defaults(name)
            if default:
                shadow(self._overridden.homes, [flag])
                return default
        return [*stored, flag]

    def _set_defaults(self, name: str) -> list[Value]:
        """parser.set_defaults(**cfg): the file decides where the command says nothing."""
        for module, call in self._index.calls.get("set_defaults", []):
            frame = self._frames.at(module, call)
            for keyword in call.keywords:
                if keyword.arg == name:
                    return self._evaluator.evaluate(keyword.value, frame)
                if keyword.arg is None:
                    for value in self._evaluator.evaluate(keyword.value, frame):
                        found = self._evaluator.item(value, name, keyword.value, frame)
                        if not isinstance(found[0], Unknown):
                            return found
        return []
