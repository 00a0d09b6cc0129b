"""A shell script read from top to bottom, variables put in: what a wrapper gives its programs.

Nothing is run. What is not understood, `$(…)` say, stays in its word as it is written, so that it is taken for no number.
"""

from __future__ import annotations

import re

from .shell_words import Placed, pieces_of, raw_words

_DEFAULT = re.compile(r"([A-Za-z_][A-Za-z0-9_]*|[0-9])(?::?[-=])(.*)", re.S)
_ASSIGNED = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)(\+?)=")
_BEGIN = {"if", "for", "while", "until", "case", "select", "{"}
_END = {"fi", "done", "esac", "}"}
_LEAD = _BEGIN | _END | {"then", "else", "elif", "do", "!", "exec", "time", "nohup", "command"}
_DECLARING = {"export", "declare", "typeset", "readonly", "local"}


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
            value = self._listed(text[1:-1], offset + 1) if listed else self.words(text, offset, split=False)
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
            expanded = [w for text, at in words for w in self.words(text, at, split=True)]
            # `A=2 python …`: in force for that command, whose reader takes it from here.
            yield [Placed(f"{name}={' '.join(value)}") for name, value in own.items()] + expanded

    def _listed(self, text: str, offset: int) -> list[Placed]:
        return [w for token in raw_words(text) if token for w in self.words(token[0], offset + token[1], split=True)]

    def words(self, raw: str, offset: int, split: bool) -> list[Placed]:
        """What one written word stands for: several where an unquoted variable holds several."""
        words: list[tuple[str, list]] = [("", [])]

        def put(text: str, places: list) -> None:
            words[-1] = (words[-1][0] + text, words[-1][1] + places)

        for piece in pieces_of(raw):
            if not piece.is_expanded:
                put(piece.text, [(self.path, offset + piece.at + i) for i in range(len(piece.text))])
                continue
            parts = self._variable(piece.text, offset + piece.at)
            if parts is None:
                put(piece.text, [None] * len(piece.text))
                continue
            if len(parts) > 1 and not (split and (not piece.quote or "@" in piece.text)):
                parts = [Placed(" ".join(parts), _joined(parts))]
            if split and not piece.quote:
                parts = [w for p in parts for w in _split(p)]
            for index, part in enumerate(parts):
                if index:
                    words.append(("", []))
                put(str(part), part.at)
        return [Placed(*w) for w in words if w[0] or raw[:1] in ("'", '"') and raw[:2] != '"$']

    def _variable(self, text: str, offset: int) -> list[Placed] | None:
        if text.startswith("${"):
            inner = text[2:-1]
            if (given := _DEFAULT.fullmatch(inner)) is not None:
                held = self._held(given.group(1))
                return held or self.words(given.group(2), offset + 2 + given.start(2), split=True)
            return self._held(inner)
        return None if text.startswith(("$(", "`")) else self._held(text[1:])

    def _held(self, name: str) -> list[Placed] | None:
        if name in ("@", "*"):
            return self.arguments
        if name.isdigit():
            return self.arguments[int(name) - 1 : int(name)] if int(name) > 0 else None
        return self.variables.get(re.sub(r"\[[@*]\]$", "", name))


def _split(word: Placed) -> list[Placed]:
    return [Placed(m.group(), word.at[m.start() : m.end()]) for m in re.finditer(r"\S+", word)]


def _joined(parts: list[Placed]) -> list:
    places: list = []
    for part in parts:
        places += [*([None] if places else []), *part.at]
    return places
