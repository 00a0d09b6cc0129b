"""`a.b=4` in the launch command: what it gives a key of a configuration, by the key's dotted path."""

from __future__ import annotations

from dataclasses import dataclass, field


from ..configs.interpolation import number_in
from ..sources.project import Project
from ..values.layers import shadow
from ..values.made import Made
from ..values.overridden import Overridden
from ..values.values import Concrete, DictOf, Flag, Value, is_number
from .flags import Flags


@dataclass(eq=False)
class Overrides:
    """`paths` says under which key of a configuration a dict display of the code stands."""

    _project: Project
    _made: Made
    _overridden: Overridden
    _flags: Flags
    paths: dict[int, str] = field(default_factory=dict, init=False)

    def given(self, path: str) -> Value | None:
        """What the launch command gives a key of a configuration, `a.b=4`; None where it says nothing of it."""
        given = self._project.launch.override(path)
        if given is None:
            return None
        value = number_in(given)
        if not is_number(value):
            return self._made.once(("override value", path), lambda: Concrete(value))
        definition = self._made.once(("override", path), lambda: self._flags.override(path))
        return self._made.once(("override value", path), lambda: Flag(value, definition))

    def laid_on(self, path: str, own: list[Value]) -> list[Value]:
        given = self.given(path)
        if given is not None:
            shadow(self._overridden.homes, own)
            return [given]
        for value in own:
            if isinstance(value, DictOf):
                self.paths[id(value)] = self.paths.get(id(value)) or path
                self._made.keep(value)
        return own

    def entry(self, base: DictOf, key, own: list[Value]) -> list[Value]:
        """An entry of a dict display that stands in a configuration, with what the launch command says of it."""
        path = self.paths.get(id(base))
        return own if path is None or not isinstance(key, str) else self.laid_on(f"{path}.{key}".lstrip("."), own)
