"""TOML line by line: tables, arrays of tables, dotted keys, one-line arrays and inline tables.

Where tomllib exists (Python 3.11), the reading is compared with it and refused when they differ.
"""

from __future__ import annotations

import re

try:
    import tomllib
except ImportError:
    tomllib = None

_BARE = re.compile(r"""[A-Za-z0-9_-]+|"(?:[^"\\]|\\.)*"|'[^']*'""")
_NUMBER = re.compile(r"[-+]?(?:0|[1-9](?:_?\d)*)(?:\.\d(?:_?\d)*)?(?:[eE][-+]?\d+)?(?=[\s,\]}#]|$)")
_STRING = re.compile(r'"(?:[^"\\]|\\.)*"|\'[^\']*\'')


def read(text: str) -> tuple[object, dict[str, tuple[int, int]], dict[str, str]]:
    whole = tomllib.loads(text) if tomllib else None
    reader = _Reader()
    offset, in_text = 0, None
    for number, line in enumerate(text.splitlines(keepends=True), 1):
        if in_text:
            in_text = None if in_text in line else in_text
        else:
            in_text = reader.line(line.rstrip("\r\n"), offset, number)
        offset += len(line)
    data = reader.data if whole is None else whole
    if whole is not None:
        # Only numbers that the real parser reads at the same place are kept.
        reader.spans = {p: s for p, s in reader.spans.items() if _same(_find(whole, p), text[s[0] : s[1]])}
    return data, reader.spans, {}


def _find(data: object, pointer: str) -> object:
    for part in pointer.split("/")[1:]:
        key = part.replace("~1", "/").replace("~0", "~")
        if isinstance(data, list):
            data = data[int(key)] if key.isdigit() and int(key) < len(data) else None
        else:
            data = data.get(key) if isinstance(data, dict) else None
    return data


def _same(value: object, text: str) -> bool:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return False
    return float(text.replace("_", "")) == float(value)


class _Reader:
    def __init__(self) -> None:
        self.data: dict = {}
        self.spans: dict[str, tuple[int, int]] = {}
        self.table, self.pointer = self.data, ""
        self.open_array = 0

    def line(self, line: str, offset: int, number: int) -> str | None:
        """Reads one line; returns the closing quotes of a text that goes on over the following lines."""
        stripped = line.strip()
        if self.open_array:
            self.open_array += stripped.count("[") - stripped.count("]")
            return None
        if not stripped or stripped.startswith("#"):
            return None
        if stripped.startswith("["):
            self._header(stripped, number)
            return None
        keys, at = self._keys(line, len(line) - len(line.lstrip()))
        if at >= len(line) or line[at] != "=":
            raise ValueError(f"line {number} is not a `key = value` pair")
        table, pointer = self._descend(self.table, self.pointer, keys[:-1])
        at += 1 + len(line[at + 1 :]) - len(line[at + 1 :].lstrip())
        for quotes in ('"""', "'''"):
            if line.startswith(quotes, at):
                table[keys[-1]] = ""
                return None if quotes in line[at + 3 :] else quotes
        if line[at : at + 1] == "[" and line.count("[", at) > line.count("]", at):
            table[keys[-1]] = []
            self.open_array = line.count("[", at) - line.count("]", at)
            return None
        table[keys[-1]], _ = self._value(line, at, f"{pointer}/{_escape(keys[-1])}", offset)
        return None

    def _header(self, text: str, number: int) -> None:
        is_array = text.startswith("[[")
        keys, at = self._keys(text, 2 if is_array else 1)
        if not text.startswith("]]" if is_array else "]", at):
            raise ValueError(f"line {number} is not a table header")
        if is_array:
            parent, pointer = self._descend(self.data, "", keys[:-1])
            entries = parent.setdefault(keys[-1], [])
            entries.append({})
            self.table = entries[-1]
            self.pointer = f"{pointer}/{_escape(keys[-1])}/{len(entries) - 1}"
        else:
            self.table, self.pointer = self._descend(self.data, "", keys)

    def _descend(self, table: dict, pointer: str, keys: list[str]) -> tuple[dict, str]:
        for key in keys:
            table = table.setdefault(key, {})
            pointer = f"{pointer}/{_escape(key)}"
            if isinstance(table, list) and table:
                pointer = f"{pointer}/{len(table) - 1}"
                table = table[-1]
            if not isinstance(table, dict):
                raise ValueError(f"{pointer} is not a table")
        return table, pointer

    def _keys(self, text: str, at: int) -> tuple[list[str], int]:
        keys = []
        while True:
            while at < len(text) and text[at] in " \t":
                at += 1
            match = _BARE.match(text, at)
            if match is None:
                raise ValueError(f"{text!r} has no key where one is expected")
            key = match.group()
            keys.append(key[1:-1] if key[0] in "\"'" else key)
            at = match.end()
            while at < len(text) and text[at] in " \t":
                at += 1
            if at < len(text) and text[at] == ".":
                at += 1
                continue
            return keys, at

    def _value(self, line: str, at: int, pointer: str, offset: int) -> tuple[object, int]:
        if line[at : at + 1] == "[":
            return self._items(line, at, pointer, offset)
        if line[at : at + 1] == "{":
            return self._inline_table(line, at, pointer, offset)
        string = _STRING.match(line, at)
        if string is not None:
            return string.group()[1:-1], string.end()
        number = _NUMBER.match(line, at)
        if number is not None:
            self.spans[pointer] = (offset + number.start(), offset + number.end())
            digits = number.group().replace("_", "")
            return (float(digits) if re.search(r"[.eE]", digits) else int(digits)), number.end()
        end = at
        while end < len(line) and line[end] not in ",]}#":
            end += 1
        word = line[at:end].strip()
        return {"true": True, "false": False}.get(word, word), end

    def _items(self, line: str, at: int, pointer: str, offset: int) -> tuple[list, int]:
        result: list = []
        at += 1
        while at < len(line):
            while at < len(line) and line[at] in " \t,":
                at += 1
            if line[at : at + 1] == "]":
                return result, at + 1
            value, at = self._value(line, at, f"{pointer}/{len(result)}", offset)
            result.append(value)
        return result, at

    def _inline_table(self, line: str, at: int, pointer: str, offset: int) -> tuple[dict, int]:
        result: dict = {}
        at += 1
        while at < len(line):
            while at < len(line) and line[at] in " \t,":
                at += 1
            if line[at : at + 1] == "}":
                return result, at + 1
            keys, at = self._keys(line, at)
            table, inner = self._descend(result, pointer, keys[:-1])
            at += 1
            while at < len(line) and line[at] in " \t":
                at += 1
            table[keys[-1]], at = self._value(line, at, f"{inner}/{_escape(keys[-1])}", offset)
        return result, at


def _escape(key: str) -> str:
    return key.replace("~", "~0").replace("/", "~1")
