"""INI as configparser reads it: sections of keys in small letters, what [DEFAULT] holds in each of them, values that
are whole numbers as such.

What the standard library reads otherwise at the same key is no number here.
"""

from __future__ import annotations

import configparser
import re

_SECTION = re.compile(r"\[(.+)\]")
_OPTION = re.compile(r"([^\s=:#;\[][^=:]*?)[ \t]*[=:][ \t]*")
_NUMBER = re.compile(r"[-+]?\d+(?:_\d+)*(?:\.\d*)?(?:[eE][-+]?\d+)?(?=[ \t]*(?:[ \t][#;].*)?$)")
_SHARED = "DEFAULT"


def read(text: str) -> tuple[object, dict[str, tuple[int, int]], dict[str, str]]:
    values = _as_python_reads(text)
    found = _numbers(text)
    data: dict[str, dict[str, object]] = {}
    spans: dict[str, tuple[int, int]] = {}
    origins: dict[str, str] = {}
    for section in [_SHARED, *values.sections()]:
        data[section] = {}
        for key, value in values.items(section, raw=True):
            place = found.get((section, key)) or found.get((_SHARED, key))
            is_number = place is not None and value is not None and text[slice(*place)] == value
            data[section][key] = _number(value) if is_number else value
            pointer = f"/{_escape(section)}/{_escape(key)}"
            if is_number and (section, key) in found:
                spans[pointer] = place
            elif section != _SHARED and (section, key) not in found and key in values.defaults():
                origins[pointer] = f"/{_SHARED}/{_escape(key)}"
    return data, spans, origins


def _as_python_reads(text: str) -> configparser.RawConfigParser:
    # Comments behind a value are asked for by those scripts alone that have them.
    parser = configparser.RawConfigParser(strict=False, allow_no_value=True, inline_comment_prefixes=("#", ";"))
    try:
        parser.read_string(text.removeprefix("\ufeff"))
    except configparser.Error as error:
        raise ValueError(str(error)) from None
    return parser


def _numbers(text: str) -> dict[tuple[str, str], tuple[int, int] | None]:
    """Where the number of each option stands; None for what is no number. Of a key that comes twice the last one
    counts.
    """
    found: dict[tuple[str, str], tuple[int, int] | None] = {}
    section, option, at = None, None, 0
    for line in text.splitlines(keepends=True):
        bare = line.strip("\ufeff \t\r\n")
        header = _SECTION.match(bare)
        if line[:1] in " \t" and bare and option is not None:
            # The value goes on in this line.
            found[option] = None
        elif header is not None:
            section, option = header.group(1), None
        elif section is not None and (match := _OPTION.match(line)) is not None:
            option = (section, match.group(1).lower())
            number = _NUMBER.match(line.rstrip("\r\n"), match.end())
            found[option] = None if number is None else (at + number.start(), at + number.end())
        at += len(line)
    return found


def _number(text: str) -> int | float:
    digits = text.replace("_", "")
    return float(digits) if re.search(r"[.eE]", digits) else int(digits)


def _escape(key: str) -> str:
    return key.replace("~", "~0").replace("/", "~1")
