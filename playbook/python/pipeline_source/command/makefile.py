"""A makefile as the shell text that `make GOAL` runs: each character keeps its place, and what is not run is blank.

Rules by pattern, includes, functions and conditional parts are not followed: a variable set in one is not known.
"""

from __future__ import annotations

import re

from .shell_script import Shell
from .shell_words import Placed

NAMES = ("GNUmakefile", "makefile", "Makefile")
_LINE = re.compile(r"(?:[^\\\n]|\\.|\\\n)*(?:\n|$)", re.S)
_SET = re.compile(r"[ ]*(?:export[ ]+|override[ ]+)*([A-Za-z_]\w*)[ \t]*(\?|::?|\+|)=[ \t]*((?:[^\\\n#]|\\.|\\\n)*)", re.S)
_RULE = re.compile(r"([^\s:#=][^:#=\n]*):(?![:=])([^=\n;#]*)(?:#.*)?$", re.M)
_CONDITION = re.compile(r"[ ]*(ifeq|ifneq|ifdef|ifndef|endif)\b")
_REFERENCE = re.compile(r"\$\(([A-Za-z_]\w*)\)")
_VARIABLE_GIVEN = re.compile(r"([A-Za-z_]\w*):?=(.*)", re.S)
# Options of make that take the next word.
_TAKES_A_WORD = {"-C", "-f", "-I", "-o", "-W", "--directory", "--file", "--makefile"}


def folder_and_file(words: list[str]) -> tuple[str | None, str | None]:
    """What `make -C DIR -f FILE` says."""
    folder = next((b for a, b in zip(words, words[1:]) if a in ("-C", "--directory")), None)
    file = next((b for a, b in zip(words, words[1:]) if a in ("-f", "--file", "--makefile")), None)
    return folder, file


def shell_of(path: str, text: str, words: list[str], environment: dict[str, str]) -> Shell:
    """The recipes that `make WORDS` runs; variables that the command gives stand in no file."""
    goals, given = [], {}
    for before, word in zip(["", *words], words):
        if (assigned := _VARIABLE_GIVEN.fullmatch(word)) is not None:
            given[assigned.group(1)] = assigned.group(2)
        elif not word.startswith("-") and before not in _TAKES_A_WORD:
            goals.append(word)
    rules, recipes, sets, depth = {}, {}, [], 0
    targets: list[str] = []
    for line in _LINE.finditer(text):
        condition = _CONDITION.match(line.group())
        if line.group().startswith("\t"):
            for target in targets:
                recipes.setdefault(target, []).append(line)
        elif condition is not None:
            depth += -1 if condition.group(1) == "endif" else 1
        elif (assigned := _SET.match(text, line.start(), line.end())) is not None:
            sets.append((assigned, depth > 0))
        elif (rule := _RULE.match(text, line.start(), line.end())) is not None:
            targets = rule.group(1).split()
            for target in targets:
                rules.setdefault(target, []).extend(rule.group(2).split())
    first = next((t for t in rules if not t.startswith(".")), None)
    wanted = _with_prerequisites(goals or [first], rules)
    shell = Shell(path, _blank_but([line for t in wanted for line in recipes.get(t, [])], text), [], {})
    for name, value in {**environment, **given}.items():
        shell.variables[name] = [Placed(value)]
    for assigned, is_conditional in sets:
        _set(shell, assigned, is_conditional, given, environment)
    return shell


def _set(shell: Shell, assigned: re.Match, is_conditional: bool, given: dict, environment: dict) -> None:
    name, operator, value = assigned.groups()
    if name in given or operator == "?" and name in shell.variables:
        return
    words = shell.words(_as_shell(value).rstrip(), assigned.start(3), split=True)
    if is_conditional:
        # Whether it is set is not known, nor which of two it is.
        shell.variables[name] = [Placed(f"${name}")]
    elif operator == "+":
        shell.variables[name] = [*shell.variables.get(name, []), *words]
    else:
        shell.variables[name] = words


def _with_prerequisites(goals: list, rules: dict[str, list[str]]) -> list[str]:
    found: list[str] = []
    waiting = list(goals)
    while waiting:
        target = waiting.pop()
        if target in rules and target not in found:
            found.append(target)
            waiting += rules[target]
    return found


def _blank_but(lines: list[re.Match], text: str) -> str:
    shown = list(re.sub(r"[^\n]", " ", text))
    for line in lines:
        recipe = re.sub(r"^\t[ \t]*[@+-]*", lambda lead: " " * len(lead.group()), line.group())
        shown[line.start() : line.end()] = _as_shell(recipe)
    return "".join(shown)


def _as_shell(text: str) -> str:
    """`$(WORKERS)` of make is `${WORKERS}` of a shell, at the same places."""
    return _REFERENCE.sub(r"${\1}", text)
