"""A project of a few lines, followed: what the cases of the analyser's parts ask about."""

from __future__ import annotations

import os
import tempfile

from pipeline_source.flow.dataflow import Flow
from pipeline_source.sources.project import Project
from pipeline_source.values.values import Concrete


class SmallProject:
    """`main.py` holds `text`, further files are given by their paths; `flow` follows them."""

    def __init__(self, text: str, files: dict[str, str] | None = None, command: str = "python main.py") -> None:
        self._folder = tempfile.TemporaryDirectory()
        for path, content in {"main.py": text, **(files or {})}.items():
            full = os.path.join(self._folder.name, path)
            os.makedirs(os.path.dirname(full), exist_ok=True)
            with open(full, "w", encoding="utf-8") as file:
                file.write(content)
        self.folder = self._folder.name
        self.project = Project(self.folder, "main.py", command)
        self.flow = Flow(self.project)
        self.main = self.project.main
        self.frame = self.flow.frames.open(self.main.scope)

    def values(self, name: str) -> list:
        """What a name of the script stands for at its end."""
        return self.flow.names.look_up(name, self.frame, None)

    def known(self, name: str) -> list:
        """The Python values among what a name stands for."""
        return [v.value for v in self.values(name) if isinstance(v, Concrete)]

    def kinds(self, name: str) -> list[str]:
        return [type(v).__name__ for v in self.values(name)]

    def expression(self, name: str):
        """The expression that the script assigns to a name."""
        return self.main.scope.bindings[name][-1].value
