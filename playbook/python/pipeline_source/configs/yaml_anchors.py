"""Anchors, aliases, merge keys and tags of YAML: what they stand for, and where in the file it really stands.

A number that is reached through an alias or a merge key has no text of its own there. `origins` leads from the pointer
by which the code reaches it to the pointer of the node that holds the text, so that it is changed once.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

_PROPERTY = re.compile(r"[&!][^\s,\[\]{}]*(?=[\s,\]}]|$)")
_ALIAS = re.compile(r"\*([^\s,\[\]{}]+)")
# What a tag of the YAML standard makes of the scalar after it; `!!str 4` is a text.
_STANDARD = {"!!int": int, "!!float": float}


@dataclass(eq=False)
class Opaque:
    """What only a program that knows the tag can tell: `!ENV ${WORKERS}`, `!include other.yaml`."""

    tag: str


@dataclass(eq=False)
class Anchors:
    origins: dict[str, str] = field(default_factory=dict, init=False)
    _overridden: set[str] = field(default_factory=set, init=False)
    _anchors: dict[str, tuple[object, str]] = field(default_factory=dict, init=False)

    def remember(self, name: str | None, value: object, pointer: str) -> None:
        if name:
            self._anchors[name] = (value, canonical(self.origins, pointer))

    def shadowed(self) -> frozenset[str]:
        """Places that merge keys lead to and that a key beside each of them overrides."""
        return frozenset(self._overridden - {canonical(self.origins, p) for p in self.origins})

    def alias(self, name: str, pointer: str) -> object:
        if name not in self._anchors:
            raise ValueError(f"the alias *{name} stands before its anchor, or has none")
        value, at = self._anchors[name]
        self.origins[pointer] = at
        return value

    def merge(self, mapping: dict, merged: object, pointer: str, spans: dict) -> None:
        """Adds what `<<` brings: keys of the mapping itself win, then those of earlier sources."""
        if isinstance(merged, list):
            sources = [(source, f"{pointer}/<</{index}") for index, source in enumerate(merged)]
        else:
            sources = [(merged, f"{pointer}/<<")]
        for source, at in sources:
            if not isinstance(source, dict):
                raise ValueError("a merge key (<<) takes a mapping or a list of mappings")
            home = canonical(self.origins, at)
            for key, value in source.items():
                part = str(key).replace("~", "~0").replace("/", "~1")
                if key in mapping:
                    self._overridden.add(canonical(self.origins, f"{home}/{part}"))
                    continue
                mapping[key] = value
                if home == at:
                    _move(spans, f"{at}/{part}", f"{pointer}/{part}")
                    _move(self.origins, f"{at}/{part}", f"{pointer}/{part}")
                else:
                    self.origins[f"{pointer}/{part}"] = canonical(self.origins, f"{home}/{part}")
        for gone in [p for p in spans if p.startswith(f"{pointer}/<</")]:
            del spans[gone]


def canonical(origins: dict[str, str], pointer: str) -> str:
    """The pointer of the node that really holds what `pointer` leads to."""
    parts = pointer.split("/")
    for end in range(len(parts), 1, -1):
        origin = origins.get("/".join(parts[:end]))
        if origin is not None:
            return canonical(origins, "/".join([origin, *parts[end:]]))
    return pointer


def alias_at(text: str, at: int) -> tuple[str, int] | None:
    match = _ALIAS.match(text, at)
    return None if match is None else (match.group(1), match.end())


def properties(text: str, at: int) -> tuple[str | None, str | None, int]:
    """(anchor, tag, where the value begins) of a node whose text begins at `at`."""
    anchor, tag = None, None
    while at < len(text) and text[at] in "&!":
        match = _PROPERTY.match(text, at)
        if match is None or (text[at] == "&" and len(match.group()) < 2):
            raise ValueError(f"{text[at:].strip()!r} is neither an anchor nor a tag")
        if text[at] == "&":
            anchor = match.group()[1:]
        else:
            tag = match.group()
        at = match.end()
        while at < len(text) and text[at] in " \t":
            at += 1
    return anchor, tag, at


def tagged(tag: str | None, value: object, written: str) -> object:
    """A value with its tag: collections keep their content, whatever object a program makes of them."""
    if tag is None or tag == "!" or isinstance(value, (dict, list)):
        return written if tag == "!" and not isinstance(value, (dict, list)) else value
    if tag == "!!str":
        return written
    if tag in _STANDARD:
        try:
            return _STANDARD[tag](written.strip("\"'").replace("_", ""))
        except ValueError:
            raise ValueError(f"{written!r} is not what the tag {tag} says") from None
    return value if tag in ("!!bool", "!!null") else Opaque(tag)


def _move(places: dict, old: str, new: str) -> None:
    for pointer in [p for p in places if p == old or p.startswith(old + "/")]:
        places[new + pointer[len(old) :]] = places.pop(pointer)
