"""Keys of configuration files: what stands there, what the command, the code or an interpolation makes of it."""

from __future__ import annotations

from dataclasses import dataclass


from ..command.overrides import Overrides
from ..configs.config_files import look_up
from ..configs.interpolation import FromEnvironment, interpolation, number_in
from ..configs.yaml_anchors import Opaque
from ..sources.project import Project
from ..values.layers import shadow
from ..values.overridden import Overridden
from ..values.values import Concrete, Flag, Leaf, Unknown, Value
from .laid import LaidOver, with_overlays
from .stores import Stores


@dataclass(eq=False)
class ConfigLeaves:
    """A place of a file keeps its pointer, so that its number can be set where it stands."""

    _project: Project
    _overridden: Overridden
    _overrides: Overrides
    _overlays: LaidOver
    _stores: Stores

    def child(self, leaf: Leaf, key) -> list[Value]:
        data, key = leaf.value, leaf.config.key(leaf.pointer, key)
        if (
            isinstance(data, dict)
            and key in data
            or isinstance(data, list)
            and isinstance(key, int)
            and -len(data) <= key < len(data)
        ):
            part = str(key if isinstance(data, dict) else key % len(data)).replace("~", "~0").replace("/", "~1")
            pointer = f"{leaf.pointer}/{part}"
            name = leaf.package + pointer[1:].replace("/", ".")
            # Of a mapping it says which group of Hydra's stands there.
            override = None if isinstance(data[key], dict) else self._overrides.given(name)
            if override is not None or self._project.launch.removes(name):
                shadow(self._overridden.homes, [Leaf(data[key], leaf.config, pointer)])
                return [override or Unknown(f"key {key!r}")]
            own = self._leaf_at(leaf, pointer, data[key], set())
            replaced = self._stores.over_leaf(leaf, key)
            if replaced:
                shadow(self._overridden.homes, own)
                return replaced
            return with_overlays(self._overlays.laid_over(leaf, key), own, self._overridden.homes)
        if isinstance(data, dict) and isinstance(key, str):
            added = self._overrides.given(leaf.package + f"{leaf.pointer}/{key}"[1:].replace("/", "."))
            if isinstance(added, Flag):
                return [added]
        return [Unknown(f"key {key!r}")]

    def _leaf_at(self, leaf: Leaf, pointer: str, data, seen: set[str]) -> list[Value]:
        """What stands at a pointer; `${loader.workers}` of OmegaConf leads on to where the number stands."""
        if isinstance(data, Opaque):
            return [Unknown(f"tag {data.tag}")]
        config = leaf.config
        if not isinstance(data, str) or pointer in seen:
            return [Leaf(data, config, pointer, leaf.package)]
        reference = interpolation(data, pointer)
        if isinstance(reference, FromEnvironment):
            value = self._project.launch.environment.get(reference.name, reference.default)
            return [Unknown("environment") if value is None else Concrete(number_in(value))]
        if reference is None:
            return [Leaf(data, config, pointer, leaf.package)]
        override = self._overrides.given(reference[1:].replace("/", "."))
        if override is not None:
            return [override]
        found = look_up(config.data, reference)
        return [Unknown("interpolation")] if found is None else self._leaf_at(leaf, reference, found, {*seen, pointer})
