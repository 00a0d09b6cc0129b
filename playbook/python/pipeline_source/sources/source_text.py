"""Python files as bytes and as text: byte order mark, coding line and line ends stay as they are in every rewrite.

In requests and replies a file that is not UTF-8 is given as its bytes, each as the character of that number, which is how
the source control reads and writes it.
"""

from __future__ import annotations

import codecs
import io
import re
import tokenize

_LINE_END = re.compile(rb"\r\n|\n")


class SourceText:
    """`text` is what Python compiles, without the mark; `data` is the same in UTF-8, as positions in trees count."""

    def __init__(self, data: bytes) -> None:
        """Raises SyntaxError for a coding line that Python does not take, UnicodeDecodeError for bytes that it does
        not.
        """
        self.encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
        self.text = data.decode(self.encoding)
        self.has_mark = data.startswith(codecs.BOM_UTF8)
        self.data = self.text.encode("utf-8")
        self.starts = [0, *(m.end() for m in _LINE_END.finditer(self.data))]
        self.newline = "\r\n" if 2 * self.text.count("\r\n") > self.text.count("\n") else "\n"

    def reply(self, text: str) -> str:
        """`text`, which stands instead of this one, as replies give it; UnicodeEncodeError where its coding lacks a
        character.
        """
        encoding = "utf-8" if self.has_mark else self.encoding
        return _as_reply((codecs.BOM_UTF8 if self.has_mark else b"") + text.encode(encoding))


def _as_reply(data: bytes) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("latin-1")


def from_reply(text: str, original: bytes | None) -> bytes:
    """The bytes that a reply's text stands for, where `original` is the file that it replaces."""
    return text.encode("utf-8" if original is None or _as_reply(original) == _utf8(original) else "latin-1")


def _utf8(data: bytes) -> str | None:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return None
