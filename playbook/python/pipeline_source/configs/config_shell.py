"""Numbers of a shell script, a makefile, or a file of arguments, by the name that stands in front of them.

`WORKERS=2`, `WORKERS ?= 2`, `${WORKERS:-2}`, `--workers 2`, `-j2`, `loader.workers=2`.
"""

from __future__ import annotations

import re

_NUMBER = re.compile(r"(?<![\w.:])[+-]?\d+(?:\.\d+)?(?![\w.])|(?<=[ \t\"'(]-[A-Za-z])\d+(?![\w.])")
_NAMED = re.compile(r"(--?[A-Za-z][\w-]*?|\+{0,2}[A-Za-z_][\w.]*)(?::?[-=]|[ \t]*[?:+]?=[ \t]*|\s+(?:\\\s+)?)?[\"']?$")


def read(text: str) -> tuple[object, dict[str, tuple[int, int]], dict[str, str]]:
    data: dict[str, int | float] = {}
    spans: dict[str, tuple[int, int]] = {}
    for found in _NUMBER.finditer(text):
        named = _NAMED.search(text, max(0, found.start() - 200), found.start())
        if named is None:
            continue
        name, at = named.group(1), 1
        while name in data:
            at += 1
            name = f"{named.group(1)}#{at}"
        number = float(found.group())
        data[name] = int(number) if number.is_integer() else number
        spans[f"/{name}"] = found.span()
    return data, spans, {}
