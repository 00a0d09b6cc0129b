"""OmegaConf's interpolations in configuration files: `${loader.workers}`, `${.workers}`, `${oc.env:WORKERS,4}`."""

from __future__ import annotations

import re
from dataclasses import dataclass

from .config_files import escape

_WHOLE = re.compile(r"\$\{\s*([^${}]+?)\s*\}")
_ENVIRONMENT = re.compile(r"(?:oc\.env|env)\s*:\s*([A-Za-z_][A-Za-z0-9_]*)\s*(?:,\s*(.*))?")
_PATH = re.compile(r"\.*[^\s.:\[\],]+(?:\.[^\s.:\[\],]+|\[\d+\])*")


@dataclass(frozen=True)
class FromEnvironment:
    name: str
    default: str | None


def interpolation(text: str, pointer: str) -> str | FromEnvironment | None:
    """The JSON pointer that a text at `pointer` leads to, or the environment variable; None for any other text."""
    match = _WHOLE.fullmatch(text.strip())
    if match is None:
        return None
    inner = match.group(1)
    named = _ENVIRONMENT.fullmatch(inner)
    if named is not None:
        default = named.group(2)
        return FromEnvironment(named.group(1), None if default is None else default.strip().strip("\"'"))
    if not _PATH.fullmatch(inner):
        return None
    dots = len(inner) - len(inner.lstrip("."))
    keys = [k for k in re.split(r"[.\[\]]+", inner[dots:]) if k]
    # One dot is the mapping that holds the text, two the one around it.
    parents = pointer.split("/")[1:-dots] if dots else []
    return "".join(f"/{k}" for k in [*parents, *map(escape, keys)])


def number_in(text: str) -> int | float | str:
    """A number where the text is one, as the command line or the environment gives it."""
    for convert in (int, float):
        try:
            return convert(text)
        except ValueError:
            continue
    return text
