"""Configuration files of the source directory that the code reads, each read once."""

from __future__ import annotations

from dataclasses import dataclass, field


from ..sources.project import Project
from ..values.values import Leaf
from .config_files import ConfigFile, ConfigRefused, read_config


@dataclass(eq=False)
class ConfigRoots:
    """`files` by path, None for one that cannot be read; `problems` says why."""

    _project: Project
    files: dict[str, ConfigFile | None] = field(default_factory=dict, init=False)
    problems: dict[str, str] = field(default_factory=dict, init=False)

    def root(self, path: str) -> Leaf | None:
        """Root of a configuration file, when it can be read."""
        if path not in self.files:
            try:
                self.files[path] = read_config(path, self._project.read_bytes(path).decode("utf-8"))
            except (ConfigRefused, UnicodeDecodeError, OSError) as error:
                self.files[path] = None
                self.problems[path] = str(error)
        config = self.files[path]
        return None if config is None else Leaf(config.data, config, "")
