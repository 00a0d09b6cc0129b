"""JSON with the position of each number: a tokenizer, because json.loads forgets where things stood."""

from __future__ import annotations

import json
import re

_SPACE = re.compile(r"[ \t\r\n]*")
_NUMBER = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?")
_STRING = re.compile(r'"(?:[^"\\\x00-\x1f]|\\.)*"')
_WORDS = {"true": True, "false": False, "null": None}


def read(text: str) -> tuple[object, dict[str, tuple[int, int]], dict[str, str]]:
    reader = _Reader(text)
    data = reader.value(reader.skip(0), "")
    return data, reader.spans, {}


class _Reader:
    def __init__(self, text: str) -> None:
        self.text, self.spans, self.at = text, {}, 0
        json.loads(text)  # the grammar is checked by the standard library; the rest only finds positions

    def skip(self, at: int) -> int:
        return _SPACE.match(self.text, at).end()

    def value(self, at: int, pointer: str) -> object:
        text = self.text
        if text[at] in "{[":
            return self._container(at, pointer)
        if text[at] == '"':
            self.at = _STRING.match(text, at).end()
            return json.loads(text[at : self.at])
        for word, value in _WORDS.items():
            if text.startswith(word, at):
                self.at = at + len(word)
                return value
        match = _NUMBER.match(text, at)
        if match is None:
            raise ValueError(f"not a JSON value at character {at}")
        self.at = match.end()
        self.spans[pointer] = match.span()
        return json.loads(match.group())

    def _container(self, at: int, pointer: str) -> object:
        text = self.text
        is_object = text[at] == "{"
        result: dict | list = {} if is_object else []
        close = "}" if is_object else "]"
        at = self.skip(at + 1)
        while text[at] != close:
            if is_object:
                end = _STRING.match(text, at).end()
                key = json.loads(text[at:end])
                at = self.skip(self.skip(end) + 1)
            else:
                key = len(result)
            value = self.value(at, f"{pointer}/{str(key).replace('~', '~0').replace('/', '~1')}")
            if is_object:
                result[key] = value
            else:
                result.append(value)
            at = self.skip(self.at)
            if text[at] == ",":
                at = self.skip(at + 1)
        self.at = at + 1
        return result
