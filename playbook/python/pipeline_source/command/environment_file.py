"""Variables that a shell file sets: what `source env.sh` in a launch command gives the job."""

from __future__ import annotations

import re

from .shell_words import commands_of

_ASSIGNMENT = re.compile(r"^([A-Za-z_][A-Za-z0-9_]*)=(.*)$", re.S)
_REFERENCE = re.compile(r"\$\{?([A-Za-z_][A-Za-z0-9_]*)\}?")


def variables_of(text: str, known: dict[str, str]) -> dict[str, str]:
    """Assignments in the order of the file; a value made by a command ($(…), `…`) is not known and left out."""
    found: dict[str, str] = {}
    for words in commands_of(text):
        if words[0] in ("export", "declare", "typeset", "set", "readonly"):
            words = [w for w in words[1:] if not w.startswith("-")]
        for word in words:
            assigned = _ASSIGNMENT.match(word)
            if assigned is None:
                # A command: what it does is not known.
                break
            value = assigned.group(2)
            if "$(" in value or "`" in value or "${" in value and re.search(r"\$\{[^}]*[:\-+?#%/]", value):
                found.pop(assigned.group(1), None)
                continue
            found[assigned.group(1)] = _REFERENCE.sub(lambda m: found.get(m.group(1), known.get(m.group(1), "")), value)
    return found
