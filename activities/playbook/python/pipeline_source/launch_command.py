"""The launch command as the script sees it: its arguments, its environment, and where it runs."""

from __future__ import annotations

import os
import re
import shlex

from .environment_file import variables_of

_ASSIGNMENT = re.compile(r"^([A-Za-z_][A-Za-z0-9_]*)=(.*)$", re.S)
_SEPARATORS = {"&&", "||", ";", "|", "&"}


class LaunchCommand:
    def __init__(self, command: str, script: str, project) -> None:
        self.command = command
        self.arguments: list[str] = []
        self.environment: dict[str, str] = {}
        self.working_dirs: list[str] = []
        self.python_path: list[str] = []
        self.module: str | None = None
        # Whether the script was found in the command: only then are its flags known to be complete.
        self.names_script = False
        self._read(self._words(command), script, project)

    @staticmethod
    def _words(command: str) -> list[str]:
        lexer = shlex.shlex(command.replace("\\\n", " "), posix=True, punctuation_chars=";&|")
        lexer.whitespace_split = True
        lexer.commenters = ""
        try:
            return list(lexer)
        except ValueError:
            return command.split()

    def _read(self, words: list[str], script: str, project) -> None:
        # A command may wrap another one as a single word: bash -c "…".
        for index, word in enumerate(words):
            if word in ("-c", "-lc", "-ec") and index + 1 < len(words) and script_word(words[index + 1], script):
                words = [*words[: index - 1], *self._words(words[index + 1])] if index else self._words(words[1])
                break
        index = 0
        while index < len(words):
            word = words[index]
            assigned = _ASSIGNMENT.match(word)
            if word == "cd" and index + 1 < len(words):
                self.working_dirs.append(project._relative(self._expand(words[index + 1])))
                index += 1
            elif word in ("source", ".") and index + 1 < len(words):
                self._source(words[index + 1], project)
                index += 1
            elif assigned and not word.startswith("-"):
                self._assign(assigned.group(1), assigned.group(2), project)
            elif word == "-m" and index + 1 < len(words) and _names_module(words[index + 1], script):
                self.module = words[index + 1]
                return self._take_arguments(words[index + 2 :])
            elif _names_script(word, script):
                return self._take_arguments(words[index + 1 :])
            index += 1
        # A script started by something else: what the command says may still reach it.
        self.arguments = words

    def _source(self, word: str, project) -> None:
        """`source env.sh`: what it sets reaches the script."""
        for folder in [*self.working_dirs[-1:], ""]:
            path = project._relative(f"{folder}/{self._expand(word)}" if folder else self._expand(word))
            if not path.startswith(("/", "..")) and project.exists(path):
                text = project.read_bytes(path).decode("utf-8", "replace")
                for name, value in variables_of(text, self.environment).items():
                    self._assign(name, value, project)
                return

    def _assign(self, name: str, value: str, project) -> None:
        self.environment[name] = value
        if name == "PYTHONPATH":
            self.python_path += [project._relative(self._expand(p)) for p in value.split(":") if p and p[0] != "$"]

    @staticmethod
    def _expand(word: str) -> str:
        return re.sub(r"\$\{?SOURCE_DIR\}?/?", "", word) or "."

    def _take_arguments(self, words: list[str]) -> None:
        self.names_script = True
        for word in words:
            if word in _SEPARATORS:
                break
            self.arguments.append(word)

    def flag(self, options: list[str], takes_value: bool = True, all_options: list[str] | None = None) -> str | None:
        """Value of the last of these options in the command; '' for one without a value."""
        found = None
        for index, word in enumerate(self.arguments):
            name, equals, value = word.partition("=")
            if name not in options and not self._abbreviates(name, options, all_options or []):
                short = next((o for o in options if len(o) == 2 and o[1] != "-" and word.startswith(o)), None)
                if short and takes_value and len(word) > 2:
                    found = word[2:].removeprefix("=")
                continue
            if equals:
                found = value
            elif takes_value and index + 1 < len(self.arguments):
                found = self.arguments[index + 1]
            else:
                found = ""
        return found

    def spelling(self, options: list[str], all_options: list[str]) -> str | None:
        """The last of these options as the command writes it; None where none stands there as a word of its own."""
        names = [word.partition("=")[0] for word in self.arguments]
        return next((n for n in reversed(names) if n in options or self._abbreviates(n, options, all_options)), None)

    @staticmethod
    def _abbreviates(name: str, options: list[str], all_options: list[str]) -> bool:
        """argparse accepts an unambiguous prefix of a long option."""
        if not name.startswith("--") or len(name) < 4 or name in all_options:
            return False
        matches = [o for o in all_options if o.startswith(name)]
        return len(matches) == 1 and matches[0] in options

    def override(self, key: str) -> str | None:
        """Value of a `key=value` argument, as Hydra and OmegaConf read them."""
        for word in self.arguments:
            name, equals, value = word.lstrip("+").partition("=")
            if equals and name == key:
                return value
        return None

    def may_change(self, key: str) -> bool:
        """Whether a `key=value` argument stands behind a flag: what is in front of all belongs to the job itself."""
        words = self._words(self.command)
        first = next((i for i, w in enumerate(words) if re.match(r"--?[A-Za-z]", w)), len(words))
        return all(word.lstrip("+").partition("=")[0] != key for word in words[:first])


def script_word(word: str, script: str) -> bool:
    stem = script[:-3] if script.endswith(".py") else script
    return os.path.basename(script) in word or stem.replace("/", ".") in word


def _names_module(word: str, script: str) -> bool:
    stem = re.sub(r"(/__main__|/__init__)?\.py$", "", script)
    path = word.replace(".", "/")
    return path == stem or stem.endswith("/" + path) or path.endswith("/" + stem)


def _names_script(word: str, script: str) -> bool:
    """By its file name alone: the command may run it from another directory, through a link or a placeholder."""
    return os.path.basename(word) == os.path.basename(script)
