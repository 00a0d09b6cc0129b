"""The words of a shell text with the place of each of their characters.

Nothing is run, and what would be expanded stays as it is written. `domain/command/shell-commands.ts` reads a text alike: both
are held against test/fixtures/shell-words.json, and that against bash.
"""

from __future__ import annotations

import re
from typing import NamedTuple

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_ARRAY = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\+?=")
_NUMBER_AT_END = re.compile(r"[+-]?\d+(?:\.\d+)?$")
_ESCAPABLE = '$`"\\'


class Placed(str):
    """A word; `at` has (file, offset) of each character, or None where it stands in no file."""

    at: list

    def __new__(cls, text: str, at: list | None = None) -> Placed:
        self = super().__new__(cls, text)
        self.at = at if at is not None else [None] * len(text)
        return self

    def number(self) -> tuple[str, int, int] | None:
        """(file, start, end) of the number that the word is, or that its value ends with."""
        found = _NUMBER_AT_END.search(self)
        places = self.at[found.start() :] if found else []
        if not places or any(p is None or p != (places[0][0], places[0][1] + i) for i, p in enumerate(places)):
            return None
        return places[0][0], places[0][1], places[0][1] + len(places)

    def after(self, count: int) -> Placed:
        return Placed(self[count:], self.at[count:])


class Piece(NamedTuple):
    """Some of a word, without its quotes."""

    text: str
    # Its offset in the word as that is written.
    at: int
    # The quote that it stands in, or "".
    quote: str
    # Whether the shell would put something else in its place.
    is_expanded: bool


def commands_of(text: str) -> list[list[str]]:
    """The words of each simple command, without redirections and comments."""
    commands: list[list[str]] = [[]]
    for token in [*raw_words(text), None]:
        if token is None:
            commands.append([])
        else:
            commands[-1].append("".join(p.text for p in pieces_of(token[0])))
    return [words for words in commands if words]


def raw_words(text: str) -> list[tuple[str, int] | None]:
    """Each word as it is written, with its offset; None between commands."""
    found: list[tuple[str, int] | None] = []
    at, start = 0, -1

    def close(end: int) -> None:
        nonlocal start
        if start >= 0:
            found.append((text[start:end], start))
        start = -1

    while at < len(text):
        char = text[at]
        if text.startswith("\\\n", at):
            at += 2
        elif char in " \t\r":
            close(at)
            at += 1
        elif char == "#" and start < 0:
            end = text.find("\n", at)
            at = len(text) if end < 0 else end
        elif char == "(" and start >= 0 and _ARRAY.fullmatch(text[start:at]):
            at = _end_of(text, at)
        elif text[at : at + 2] in ("<(", ">("):
            start = at if start < 0 else start
            at = _end_of(text, at + 1)
        elif char in "<>" or text.startswith("&>", at):
            is_descriptor = char != "&" and text[start:at].isdigit()
            close(at)
            if is_descriptor:
                found.pop()
            at = _end_of_redirection(text, at)
        elif char in "\n;&|()":
            close(at)
            found.append(None)
            at += 1
        else:
            start = at if start < 0 else start
            at = _end_of(text, at)
    close(at)
    return found


def pieces_of(raw: str) -> list[Piece]:
    """What one word is made of; none for an empty one."""
    found: list[Piece] = []
    at, quote = 0, ""
    while at < len(raw):
        char, end = raw[at], at + 1
        if char == quote or (not quote and char in "'\""):
            quote = "" if quote else char
        elif char == "\\" and quote != "'" and end < len(raw):
            end += 1
            if quote and raw[at + 1] not in _ESCAPABLE + "\n":
                found.append(Piece(char, at, quote, False))
            if raw[at + 1] != "\n":
                found.append(Piece(raw[at + 1], at + 1, quote, False))
        elif char in "$`" and quote != "'":
            end = _end_of_expansion(raw, at)
            found.append(Piece(raw[at:end], at, quote, end > at + 1))
        else:
            found.append(Piece(char, at, quote, False))
        at = end
    return found


def _end_of_redirection(text: str, at: int) -> int:
    """Offset behind `>log`, `2>&1` and the like, whose operator begins here."""
    while at < len(text) and text[at] in "<>&|":
        at += 1
    while at < len(text) and text[at] in " \t":
        at += 1
    while at < len(text) and text[at] not in " \t\r\n;&|()<>":
        at = _end_of(text, at)
    return at


def _end_of_expansion(raw: str, at: int) -> int:
    if raw[at] == "`" or raw.startswith(("$(", "${"), at):
        return _end_of(raw, at)
    named = _NAME.match(raw, at + 1)
    if named is not None:
        return named.end()
    return at + 2 if raw[at + 1 : at + 2] in [*"0123456789@*#?$!-"] else at + 1


def _end_of(text: str, at: int) -> int:
    """Offset behind the character, the quoted text or the bracketed part that begins here."""
    char = text[at]
    if char == "\\":
        return min(at + 2, len(text))
    if char in "'`":
        end = text.find(char, at + 1)
        return len(text) if end < 0 else end + 1
    closing = {'"': '"', "(": ")"}.get(char) or {"${": "}", "$(": ")"}.get(text[at : at + 2])
    if closing is None:
        return at + 1
    at += 2 if char == "$" else 1
    while at < len(text) and text[at] != closing:
        at = _end_of(text, at) if text[at] in "\\'`\"$(" and not (closing == '"' and text[at] in "'(") else at + 1
    return min(at + 1, len(text))
