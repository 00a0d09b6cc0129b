"""YAML without a library: mappings and lists by indentation, comments, quoted scalars, one-line flow collections.

Anchors, aliases, merge keys and tags are in yaml_anchors.py. Several documents and multi-line flow collections are
refused: a file that uses them is refused as a whole, since a wrong reading would be worse than none.
"""

from __future__ import annotations

import re

from .yaml_anchors import Anchors, alias_at, properties, tagged

_KEY = re.compile(
    r"""(?P<key>"(?:[^"\\]|\\.)*"|'(?:[^']|'')*'|[^\s"'\[\]{}#&*!|>%@`,?:-][^#]*?|-[^\s#][^#]*?)\s*:(?=\s|$)"""
)
_NUMBER = re.compile(r"[-+]?(?:\d[\d_]*)(?:\.\d*)?(?:[eE][-+]?\d+)?|[-+]?\.\d+(?:[eE][-+]?\d+)?")
_REFUSED = "%@`?"


def read(text: str) -> tuple[object, dict[str, tuple[int, int]], dict[str, str], frozenset[str]]:
    reader = _Reader(text)
    data = reader.block("", 0)
    if reader.row < len(reader.rows):
        raise ValueError(f"line {reader.rows[reader.row].number} has an indentation that is not understood")
    return data, reader.spans, reader.anchors.origins, reader.anchors.shadowed()


class _Row:
    def __init__(self, number: int, offset: int, indent: int, text: str) -> None:
        # `offset` is the character of the file at which `text` (without indentation) begins.
        self.number, self.offset, self.indent, self.text = number, offset, indent, text


class _Reader:
    def __init__(self, text: str) -> None:
        self.text, self.spans = text, {}
        self.anchors = Anchors()
        self.rows: list[_Row] = []
        offset = 0
        for number, line in enumerate(text.splitlines(keepends=True), 1):
            content = line.rstrip("\r\n")
            stripped = content.lstrip(" ")
            indent = len(content) - len(stripped)
            if stripped.startswith("\t"):
                raise ValueError(f"line {number} is indented by a tab")
            if stripped == "---" and not self.rows:
                stripped = ""
            if stripped in ("---", "...") or stripped.startswith("--- "):
                raise ValueError(f"line {number}: several documents in one file are not supported")
            # Comment lines stay as rows: inside a block scalar they are text.
            if stripped.strip():
                self.rows.append(_Row(number, offset + indent, indent, stripped.rstrip()))
            offset += len(line)
        self.row = 0

    def _peek(self) -> _Row | None:
        while self.row < len(self.rows) and self.rows[self.row].text.startswith("#"):
            self.row += 1
        return self.rows[self.row] if self.row < len(self.rows) else None

    def block(self, pointer: str, least_indent: int) -> object:
        row = self._peek()
        if row is None or row.indent < least_indent:
            return None
        if row.text == "-" or row.text.startswith("- "):
            return self._list(pointer, row.indent)
        if _KEY.match(row.text):
            return self._mapping(pointer, row.indent)
        self.row += 1
        anchor, tag, at = properties(row.text, 0)
        if at and not row.text[at:].split("#")[0].strip():
            # Anchor and tag stand alone on the line above what they belong to.
            return self._noted(anchor, tag, self.block(pointer, least_indent), pointer)
        if at and _KEY.match(row.text[at:]):
            raise ValueError(f"line {row.number}: an anchor or a tag of a key is not supported")
        return self._scalar_or_flow(row, 0, pointer)

    def _noted(self, anchor: str | None, tag: str | None, value: object, pointer: str) -> object:
        value = tagged(tag, value, str(value))
        self.anchors.remember(anchor, value, pointer)
        return value

    def _mapping(self, pointer: str, indent: int) -> dict:
        result: dict = {}
        merged: object = None
        while (row := self._peek()) is not None and row.indent == indent:
            match = _KEY.match(row.text)
            if match is None:
                if row.text == "-" or row.text.startswith("- "):
                    break
                raise ValueError(f"line {row.number} is not a `key: value` pair")
            key = _unquote(match.group("key"))
            if key in result or (key == "<<" and merged is not None):
                raise ValueError(f"line {row.number}: key {key!r} is given twice")
            self.row += 1
            if key == "<<" and key == match.group("key"):
                merged = self._value(row, match.end(), f"{pointer}/<<", indent)
                continue
            result[_plain(key) if key == match.group("key") else key] = self._value(
                row, match.end(), f"{pointer}/{_escape(key)}", indent
            )
        if merged is not None:
            self.anchors.merge(result, merged, pointer, self.spans)
        return result

    def _value(self, row: _Row, at: int, pointer: str, indent: int) -> object:
        rest = row.text[at:]
        at += len(rest) - len(rest.lstrip())
        anchor, tag, begin = properties(row.text, at)
        rest = row.text[begin:].strip()
        if anchor is not None or tag is not None:
            if not rest or rest[0] in "#|>":
                return self._noted(anchor, tag, self._value(row, begin, pointer, indent), pointer)
        if not rest or rest.startswith("#"):
            following = self._peek()
            if following is not None and following.indent == indent and following.text.startswith("-"):
                return self._list(pointer, indent)
            return self.block(pointer, indent + 1)
        if rest[0] in "|>":
            while self.row < len(self.rows) and self.rows[self.row].indent > indent:
                self.row += 1
            return rest
        value = self._scalar_or_flow(row, at, pointer)
        following = self._peek()
        if following is not None and following.indent > indent:
            raise ValueError(f"line {following.number} continues a value over several lines, which is not supported")
        return value

    def _list(self, pointer: str, indent: int) -> list:
        result: list = []
        while (
            (row := self._peek()) is not None
            and row.indent == indent
            and (row.text == "-" or row.text.startswith("- "))
        ):
            here = f"{pointer}/{len(result)}"
            rest = row.text[1:].lstrip()
            if not rest or rest.startswith("#"):
                self.row += 1
                result.append(self.block(here, indent + 1))
                continue
            # The entry goes on as a block of its own, indented by where its text begins.
            shift = len(row.text) - len(rest)
            self.rows[self.row] = _Row(row.number, row.offset + shift, indent + shift, rest)
            anchor, tag, begin = properties(rest, 0)
            if begin and (not rest[begin:] or rest[begin] == "#"):
                self.row += 1
                result.append(self._noted(anchor, tag, self.block(here, indent + 1), here))
            elif _KEY.match(rest) or rest.startswith("- ") or (begin and _KEY.match(rest[begin:])):
                result.append(self.block(here, indent + 1))
            else:
                self.row += 1
                result.append(self._scalar_or_flow(self.rows[self.row - 1], 0, here))
        return result

    def _scalar_or_flow(self, row: _Row, at: int, pointer: str) -> object:
        value, end = self._flow(row, at, pointer, stop="")
        tail = row.text[end:].strip()
        if tail and not tail.startswith("#"):
            raise ValueError(f"line {row.number}: {tail!r} after a value is not understood")
        return value

    def _flow(self, row: _Row, at: int, pointer: str, stop: str) -> tuple[object, int]:
        """One value from `at`; `stop` are the characters that end a plain scalar inside a flow collection."""
        text = row.text
        if at < len(text) and text[at] in "&!":
            anchor, tag, begin = properties(text, at)
            value, end = self._flow(row, begin, pointer, stop)
            value = tagged(tag, value, text[begin:end].strip())
            if not isinstance(value, (dict, list)) and not _is_number(value):
                self.spans.pop(pointer, None)
            elif tag is not None and _is_number(value):
                self.spans.setdefault(pointer, (row.offset + begin, row.offset + end))
            self.anchors.remember(anchor, value, pointer)
            return value, end
        if (alias := alias_at(text, at)) is not None:
            return self.anchors.alias(alias[0], pointer), alias[1]
        if at < len(text) and text[at] in "[{":
            return self._collection(row, at, pointer)
        if at < len(text) and text[at] in "\"'":
            match = re.compile(r"""("(?:[^"\\]|\\.)*"|'(?:[^']|'')*')""").match(text, at)
            if match is None:
                raise ValueError(f"line {row.number}: a quoted text over several lines is not supported")
            return _unquote(match.group()), match.end()
        if at < len(text) and text[at] in _REFUSED:
            raise ValueError(f"line {row.number}: {text[at]!r} is not understood here")
        end = at
        while (
            end < len(text) and text[end] not in stop and not (text[end] == "#" and end > at and text[end - 1] in " \t")
        ):
            end += 1
        plain = text[at:end].rstrip()
        if _NUMBER.fullmatch(plain) and _is_number(_plain(plain)):
            self.spans[pointer] = (row.offset + at, row.offset + at + len(plain))
        return _plain(plain), end

    def _collection(self, row: _Row, at: int, pointer: str) -> tuple[object, int]:
        text = row.text
        is_map = text[at] == "{"
        close = "}" if is_map else "]"
        result: dict | list = {} if is_map else []
        merged: object = None
        at += 1
        while True:
            while at < len(text) and text[at] in " \t,":
                at += 1
            if at >= len(text):
                raise ValueError(f"line {row.number}: a flow collection over several lines is not supported")
            if text[at] == close:
                if merged is not None:
                    self.anchors.merge(result, merged, pointer, self.spans)
                return result, at + 1
            if is_map:
                match = re.compile(r"""("(?:[^"\\]|\\.)*"|'(?:[^']|'')*'|[^\s:,{}\[\]"'][^:,{}\[\]]*?)\s*:\s*""").match(
                    text, at
                )
                if match is None:
                    raise ValueError(f"line {row.number}: a flow mapping is not understood")
                key = _unquote(match.group(1))
                value, at = self._flow(row, match.end(), f"{pointer}/{_escape(key)}", ",}")
                if key == "<<":
                    merged = value
                else:
                    result[key] = value
            else:
                value, at = self._flow(row, at, f"{pointer}/{len(result)}", ",]")
                result.append(value)


def _escape(key: str) -> str:
    return key.replace("~", "~0").replace("/", "~1")


def _unquote(text: str) -> str:
    if text[:1] == '"' and text[-1:] == '"' and len(text) > 1:
        return text[1:-1].replace('\\"', '"').replace("\\\\", "\\")
    if text[:1] == "'" and text[-1:] == "'" and len(text) > 1:
        return text[1:-1].replace("''", "'")
    return text


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _plain(text: str) -> object:
    if text.lower() in ("", "~", "null"):
        return None
    if text.lower() in ("true", "yes", "on"):
        return True
    if text.lower() in ("false", "no", "off"):
        return False
    if _NUMBER.fullmatch(text):
        digits = text.replace("_", "")
        # A leading zero means octal in YAML 1.1 and decimal in 1.2: left as text.
        if re.fullmatch(r"[-+]?0\d+", digits):
            return text
        try:
            return int(digits)
        except ValueError:
            return float(digits)
    return text
