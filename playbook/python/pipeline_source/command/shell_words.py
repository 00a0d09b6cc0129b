"""Words of a shell script with the place of each of their characters, variables put in: what a wrapper gives its programs.

Nothing is run. What is not understood, `$(…)` say, stays in its word as it is written, so that it is taken for no number.
"""

from __future__ import annotations

import re

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_DEFAULT = re.compile(r"([A-Za-z_][A-Za-z0-9_]*|[0-9])(?::?[-=])(.*)", re.S)
_ASSIGNED = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)(\+?)=")
_NUMBER_AT_END = re.compile(r"[+-]?\d+(?:\.\d+)?$")
_REDIRECTION = re.compile(r"\d*[<>]")
_BEGIN = {"if", "for", "while", "until", "case", "select", "{"}
_END = {"fi", "done", "esac", "}"}
_LEAD = _BEGIN | _END | {"then", "else", "elif", "do", "!", "exec", "time", "nohup", "command"}
_DECLARING = {"export", "declare", "typeset", "readonly", "local"}


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
        if text.startswith("\\\n", at) or char in " \t\r":
            close(at)
            at += 2 if char == "\\" else 1
        elif char == "#" and start < 0:
            end = text.find("\n", at)
            at = len(text) if end < 0 else end
        elif char == "(" and start >= 0 and _ASSIGNED.fullmatch(text[start:at]):
            at = _end_of(text, at)
        elif char in "\n;&|()":
            close(at)
            found.append(None)
            at += 1
        elif char in "<>":
            if start >= 0 and not text[start:at].isdigit():
                close(at)
            start = at if start < 0 else start
            while at < len(text) and text[at] in "<>&":
                at += 1
        else:
            start = at if start < 0 else start
            at = _end_of(text, at)
    close(at)
    return found


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


class Shell:
    """What is known while a shell script is read from top to bottom."""

    def __init__(self, path: str, text: str, arguments: list[str], variables: dict[str, list[Placed]]) -> None:
        self.path, self.text = path, text
        self.arguments = [w if isinstance(w, Placed) else Placed(w) for w in arguments]
        self.variables = variables
        self.exported: set[str] = set()

    def commands(self):
        """The words of each command, its assignments in front; variables that it sets are known afterwards."""
        depth, raw = 0, []
        for token in [*raw_words(self.text), None]:
            if token is not None:
                raw.append(token)
                continue
            while raw and raw[0][0] in _LEAD:
                depth += (raw[0][0] in _BEGIN) - (raw[0][0] in _END)
                raw = raw[1:]
            yield from self._command(raw, depth > 0)
            raw = []

    def _command(self, raw: list[tuple[str, int]], is_conditional: bool):
        declares = bool(raw) and raw[0][0] in _DECLARING
        words = [w for w in raw[1:] if not w[0].startswith("-")] if declares else raw
        own: dict[str, list[Placed]] = {}
        while words and (assigned := _ASSIGNED.match(words[0][0])):
            text, offset = words[0][0][assigned.end() :], words[0][1] + assigned.end()
            listed = text.startswith("(") and text.endswith(")")
            value = self._listed(text[1:-1], offset + 1) if listed else self._words(text, offset, split=False)
            name = assigned.group(1)
            own[name] = [*self.variables.get(name, []), *value] if assigned.group(2) else value
            if is_conditional:
                # Whether it is set is not known, nor which of two it is.
                own[name] = [Placed(f"${name}")]
            words = words[1:]
        self.variables.update(own)
        if declares and raw[0][0] == "export":
            self.exported.update(name for name in [*own, *(text for text, _ in words)])
        if words and words[0][0] == "shift":
            self.arguments = self.arguments[1:]
        elif words and not declares:
            plain = [w for i, w in enumerate(words) if not _is_redirected(words, i)]
            expanded = [w for text, at in plain for w in self._words(text, at, split=True)]
            # `A=2 python …`: in force for that command, whose reader takes it from here.
            yield [Placed(f"{name}={' '.join(value)}") for name, value in own.items()] + expanded

    def _listed(self, text: str, offset: int) -> list[Placed]:
        return [w for token in raw_words(text) if token for w in self._words(token[0], offset + token[1], split=True)]

    def _words(self, raw: str, offset: int, split: bool) -> list[Placed]:
        """What one written word stands for: several where an unquoted variable holds several."""
        words: list[tuple[str, list]] = [("", [])]
        at, quote = 0, ""

        def put(text: str, places: list) -> None:
            words[-1] = (words[-1][0] + text, words[-1][1] + places)

        while at < len(raw):
            char = raw[at]
            if char == quote or (not quote and char in "'\""):
                quote = "" if quote else char
                at += 1
            elif char == "\\" and quote != "'" and at + 1 < len(raw):
                put(raw[at + 1], [(self.path, offset + at + 1)])
                at += 2
            elif char == "$" and quote != "'":
                end, values = self._variable(raw, at, offset)
                parts = values if values is not None else [Placed(raw[at:end])]
                if len(parts) > 1 and not (split and (not quote or "@" in raw[at:end])):
                    parts = [Placed(" ".join(parts), _joined(parts))]
                if split and not quote:
                    parts = [w for p in parts for w in _split(p)]
                for index, part in enumerate(parts):
                    if index:
                        words.append(("", []))
                    put(str(part), part.at)
                at = end
            else:
                put(char, [(self.path, offset + at)])
                at += 1
        return [Placed(*w) for w in words if w[0] or raw[:1] in ("'", '"') and raw[:2] != '"$']

    def _variable(self, raw: str, at: int, offset: int) -> tuple[int, list[Placed] | None]:
        if raw.startswith("$(", at):
            return _end_of(raw, at), None
        if raw.startswith("${", at):
            end = _end_of(raw, at)
            inner = raw[at + 2 : end - 1]
            if (given := _DEFAULT.fullmatch(inner)) is not None:
                held = self._held(given.group(1))
                if held:
                    return end, held
                return end, self._words(given.group(2), offset + at + 2 + given.start(2), split=True)
            return end, self._held(inner)
        named = _NAME.match(raw, at + 1)
        end = named.end() if named else at + 2
        return end, self._held(raw[at + 1 : end])

    def _held(self, name: str) -> list[Placed] | None:
        if name in ("@", "*"):
            return self.arguments
        if name.isdigit():
            return self.arguments[int(name) - 1 : int(name)] if int(name) > 0 else None
        return self.variables.get(re.sub(r"\[[@*]\]$", "", name))


def _is_redirected(words: list[tuple[str, int]], index: int) -> bool:
    """`>log`, `2>&1`, and what follows a `>` that stands alone."""
    before = words[index - 1][0] if index else ""
    return bool(_REDIRECTION.match(words[index][0]) or (_REDIRECTION.match(before) and before[-1] in "<>"))


def _split(word: Placed) -> list[Placed]:
    return [Placed(m.group(), word.at[m.start() : m.end()]) for m in re.finditer(r"\S+", word)]


def _joined(parts: list[Placed]) -> list:
    places: list = []
    for part in parts:
        places += [*([None] if places else []), *part.at]
    return places
