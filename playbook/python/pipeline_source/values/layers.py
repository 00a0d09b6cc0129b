"""Mappings on top of each other, merged in depth: Hydra's defaults list, OmegaConf.merge, a deep merge of one's own."""

from __future__ import annotations

from dataclasses import dataclass

from .values import DictOf, Flag, Instance, Leaf, Literal, Namespace, Unknown, Value


@dataclass(eq=False)
class Layers(Value):
    """The last part wins; mappings under one key are merged again."""

    parts: list[Value]
    # False: a mapping under one key replaces the one below it, as `update()` does.
    is_deep: bool = True


@dataclass(eq=False)
class Under(Value):
    """A mapping with one key: where Hydra puts a group's file."""

    key: str
    value: Value


def layered(parts: list[Value]) -> Value:
    return parts[0] if len(parts) == 1 else Layers(parts)


def is_mapping(value: Value) -> bool:
    return isinstance(value, (DictOf, Layers, Namespace, Under, Instance)) or (
        isinstance(value, Leaf) and isinstance(value.value, dict)
    )


def of_layers(layers: Layers, look_up, not_in_force: set) -> list[Value]:
    """`look_up(part)` gives what one part holds, its best candidate first."""
    held = [[v for v in look_up(part) if not isinstance(v, Unknown)] for part in reversed(layers.parts)]
    held = [values for values in held if values]
    if not held:
        return [Unknown("layers")]
    if not layers.is_deep:
        shadow(not_in_force, [v for values in held[1:] for v in values])
        return held[0]
    if not is_mapping(held[0][0]):
        shadow(not_in_force, [v for values in held[1:] for v in values])
        return held[0]
    # Down to the first that is no mapping: that one, and what is below it, is replaced as a whole.
    mappings = []
    for values in held:
        if not is_mapping(values[0]):
            break
        mappings.insert(0, values[0])
    return [layered(mappings)]


def shadow(not_in_force: set, values: list[Value]) -> None:
    """Notes flags, literals and places of files whose value something else replaces."""
    for value in values:
        if isinstance(value, Flag):
            not_in_force.add(id(value.definition))
        elif isinstance(value, Leaf):
            not_in_force.add((value.config.path, value.config.home_of(value.pointer)))
        elif isinstance(value, Literal):
            not_in_force.add(id(value.node))
