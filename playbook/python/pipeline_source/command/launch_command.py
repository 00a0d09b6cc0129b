"""The launch command as the script sees it: its arguments, its environment, and where it runs; through shell
scripts, too.
"""

from __future__ import annotations

import os
import re

from . import makefile
from .environment_file import variables_of
from .shell_script import Shell
from .shell_words import Placed, commands_of

_ASSIGNMENT = re.compile(r"^([A-Za-z_][A-Za-z0-9_]*)=(.*)$", re.S)
# Stands between the words of two commands.
_NEXT = ";"
_VARIABLE = re.compile(r"\$(?:([A-Za-z_]\w*)|\{([A-Za-z_]\w*)(?::?-([^{}]*))?\})")
# A wrapper may start another one.
MAX_WRAPPERS = 3


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
        # Short options that take no value, once the definitions are known: they may stand in one word with another.
        self.bare_options: set[str] = set()
        # The shell script of the project that starts the script, where the command names that one instead.
        self.wrapper: str | None = None
        self._read(self._words(command), script, project)

    @staticmethod
    def _words(command: str) -> list[str]:
        return [word for words in commands_of(command) for word in (_NEXT, *words)][1:]

    def _read(self, words: list[str], script: str, project) -> None:
        # A command may wrap another one as a single word: bash -c "…".
        for index, word in enumerate(words):
            if word in ("-c", "-lc", "-ec") and index + 1 < len(words) and script_word(words[index + 1], script):
                words = [*words[: index - 1], *self._words(words[index + 1])] if index else self._words(words[1])
                break
        if not self._found(words, script, project, 0):
            # A script started by something else: what the command says may still reach it.
            self.arguments = words

    def _found(self, words: list[str], script: str, project, depth: int) -> bool:
        """Looks for the script among the words of a command, and takes what is said to it."""
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
                self._take_arguments(words[index + 2 :], project)
                return True
            elif _names_script(word, script):
                self._take_arguments(words[index + 1 :], project)
                return True
            elif self._wraps(word, words[index + 1 :], script, project, depth):
                return True
            index += 1
        return False

    def _wraps(self, word: str, following: list[str], script: str, project, depth: int) -> bool:
        """Whether the word is a shell script of the project that starts the pipeline script."""
        if os.path.basename(word) in ("make", "gmake") and depth < MAX_WRAPPERS:
            return self._made(following, script, project, depth)
        path = self._in_project(word, project)
        if path is None or depth >= MAX_WRAPPERS:
            return False
        text = project.read_bytes(path).decode("utf-8", "replace")
        if not path.endswith((".sh", ".bash")) and not re.match(r"#!.*\b(?:ba|da|z)?sh\b", text):
            return False
        end = _end_of_command(following)
        variables = {name: [_placed(value)] for name, value in self.environment.items()}
        shell = Shell(path, text, following[:end], variables)
        for words in shell.commands():
            if self._found(words, script, project, depth + 1):
                for name in shell.exported & shell.variables.keys():
                    self.environment.setdefault(name, " ".join(shell.variables[name]))
                self.wrapper = self.wrapper or path
                # Only where it hands its own arguments on does a flag that is put behind it reach the script.
                self.names_script = self.names_script and re.search(r"\$\{?[@*]", text) is not None
                return True
        return False

    def _made(self, following: list[str], script: str, project, depth: int) -> bool:
        """Whether `make GOAL` starts the pipeline script."""
        end = _end_of_command(following)
        folder, file = makefile.folder_and_file(following[:end])
        if folder is not None:
            self.working_dirs.append(project._relative(self._expand(folder)))
        names = [file] if file is not None else makefile.NAMES
        path = next((p for name in names if (p := self._in_project(name, project)) is not None), None)
        if path is None:
            return False
        text = project.read_bytes(path).decode("utf-8", "replace")
        for words in makefile.shell_of(path, text, following[:end], self.environment).commands():
            if self._found(words, script, project, depth + 1):
                self.wrapper = self.wrapper or path
                # What is put behind a goal is another goal.
                self.names_script = False
                return True
        return False

    def _in_project(self, word: str, project) -> str | None:
        if not word or "\0" in word or len(word) > 500:
            return None
        for folder in [*self.working_dirs[-1:], ""]:
            path = project._relative(f"{folder}/{self._expand(word)}" if folder else self._expand(word))
            if not path.startswith(("/", "..")) and project.exists(path):
                return path
        return None

    def _source(self, word: str, project) -> None:
        """`source env.sh`: what it sets reaches the script."""
        path = self._in_project(word, project)
        if path is not None:
            text = project.read_bytes(path).decode("utf-8", "replace")
            for name, value in variables_of(text, self.environment).items():
                self._assign(name, value, project)

    def _assign(self, name: str, value: str, project) -> None:
        self.environment[name] = value
        if name == "PYTHONPATH":
            self.python_path += [project._relative(self._expand(p)) for p in value.split(":") if p and p[0] != "$"]

    @staticmethod
    def _expand(word: str) -> str:
        return re.sub(r"\$\{?SOURCE_DIR\}?/?", "", word) or "."

    def _take_arguments(self, words: list[str], project) -> None:
        self.names_script = True
        # `torchx run … --script train.py -- --workers 4`: what follows a launcher's own flags.
        if words[:1] == ["--"]:
            words = words[1:]
        for word in words[: _end_of_command(words)]:
            self.arguments += self._of_file(word, project) or [self._with_variables(word)]

    def _of_file(self, word: str, project) -> list[Placed]:
        """`@args.txt` of argparse: one argument in each line of the file."""
        path = self._in_project(word[1:], project) if word.startswith("@") else None
        if path is None:
            return []
        text = project.read_bytes(path).decode("utf-8", "replace")
        return [
            Placed(m.group(), [(path, i) for i in range(m.start(), m.end())]) for m in re.finditer(r"[^\r\n]+", text)
        ]

    def _with_variables(self, word: str) -> str:
        """`$WORKERS` and `${WORKERS:-4}` of the command itself, as far as it is known what they are."""
        if isinstance(word, Placed):
            return word
        return _VARIABLE.sub(lambda m: self.environment.get(m[1] or m[2], m[3] or m[0]), word)

    def flag(self, options: list[str], takes_value: bool = True, all_options: list[str] | None = None) -> str | None:
        """Value of the last of these options in the command; '' for one without a value."""
        found = None
        words = self._before_dashes()
        for index, word in enumerate(words):
            name, equals, value = word.partition("=")
            if name not in options and not self._abbreviates(name, options, all_options or []):
                attached = self._attached(word, options)
                if attached is None:
                    continue
                value = attached[1].removeprefix("=")
                equals = bool(value) or not takes_value
            if equals:
                found = word.after(len(word) - len(value)) if isinstance(word, Placed) else value
            elif takes_value and index + 1 < len(words):
                found = words[index + 1]
            else:
                found = ""
        return found

    def spelling(self, options: list[str], all_options: list[str]) -> str | None:
        """The last of these options as the command writes it, without its value; None where none stands there."""
        found = None
        for word in self._before_dashes():
            name = word.partition("=")[0]
            if name in options or self._abbreviates(name, options, all_options):
                found = name
            elif attached := self._attached(word, options):
                found = attached[0]
        return found

    def _before_dashes(self) -> list[str]:
        """From `--` on nothing is a flag, but for what a launcher in front of the script takes."""
        end = self.arguments.index("--") if self.names_script and "--" in self.arguments else len(self.arguments)
        return self.arguments[:end]

    def _attached(self, word: str, options: list[str]) -> tuple[str, str] | None:
        """(`-j`, `2`) of `-j2`, and of `-vj2` where `-v` takes no value."""
        if not re.match(r"-[A-Za-z]", word):
            return None
        for at in range(1, len(word)):
            short = f"-{word[at]}"
            if short in options:
                return (short, word[at + 1 :]) if len(word) > 2 else None
            if short not in self.bare_options:
                return None
        return None

    @staticmethod
    def _abbreviates(name: str, options: list[str], all_options: list[str]) -> bool:
        """argparse accepts an unambiguous prefix of a long option."""
        if not name.startswith("--") or len(name) < 4 or name in all_options:
            return False
        matches = [o for o in all_options if o.startswith(name)]
        return len(matches) == 1 and matches[0] in options

    def override(self, key: str) -> str | None:
        """Value of the last `key=value` argument, as Hydra and OmegaConf read them, or of `A.KEY value`, as yacs
        does.
        """
        for index in range(len(self.arguments) - 1, -1, -1):
            name, equals, value = self.arguments[index].lstrip("+").partition("=")
            if name != key:
                continue
            if equals:
                return value
            if "." in key and index + 1 < len(self.arguments):
                return self.arguments[index + 1]
        return None

    def removes(self, key: str) -> bool:
        """`~key` of Hydra: what the configuration says there is not in force."""
        return any(word.partition("=")[0] == f"~{key}" for word in self.arguments)


def _end_of_command(words: list[str]) -> int:
    return words.index(_NEXT) if _NEXT in words else len(words)


def _placed(value: str) -> Placed:
    return value if isinstance(value, Placed) else Placed(value)


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
