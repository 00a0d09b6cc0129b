"""Configuration files (JSON, YAML, TOML, INI; shell scripts that start the job) as data in which the place of each
numeric leaf is known.

A leaf is named by a JSON pointer. What a reader here does not understand is left out, never guessed.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

from . import config_ini, config_json, config_shell, config_toml, config_yaml
from .yaml_anchors import canonical

READERS = {
    ".json": config_json.read,
    ".yaml": config_yaml.read,
    ".yml": config_yaml.read,
    ".toml": config_toml.read,
    ".ini": config_ini.read,
    ".cfg": config_ini.read,
}
# configparser takes keys in any letters.
_FOLDED = (".ini", ".cfg")


class ConfigRefused(ValueError):
    """The file is not understood; the message says where and why."""


@dataclass(frozen=True)
class Place:
    """Characters of the file that a number occupies."""

    start: int
    end: int


@dataclass
class ConfigFile:
    path: str
    text: str
    data: object
    places: dict[str, Place]
    # Of YAML: pointers of aliases and of what merge keys bring, each with that of the node that holds the text.
    origins: dict[str, str]
    # Of YAML: what every merge key that reaches it finds overridden beside it.
    shadowed: frozenset[str] = frozenset()

    def key(self, pointer: str, key: object) -> object:
        """A key as it stands below `pointer` in `data`."""
        return key.lower() if pointer and isinstance(key, str) and self.path.endswith(_FOLDED) else key

    def home_of(self, pointer: str) -> str:
        """Pointer of the node that holds the text of what `pointer` leads to."""
        return canonical(self.origins, pointer)


def is_config(path: str) -> bool:
    return any(path.endswith(suffix) for suffix in READERS)


def read_config(path: str, text: str) -> ConfigFile:
    reader = next((reader for suffix, reader in READERS.items() if path.endswith(suffix)), config_shell.read)
    try:
        data, spans, origins, *shadowed = reader(text)
    except ValueError as error:
        raise ConfigRefused(f"{path}: {error}") from None
    return ConfigFile(path, text, data, {pointer: Place(*span) for pointer, span in spans.items()}, origins, *shadowed)


def set_leaf(config: ConfigFile, pointer: str, value: float) -> str:
    """New text with one number replaced, verified by reading it again."""
    place = config.places.get(pointer)
    if place is None:
        raise ConfigRefused(f"{config.path} has no number at {pointer}")
    text = config.text[: place.start] + json.dumps(value) + config.text[place.end :]
    again = read_config(config.path, text)
    if look_up(again.data, pointer) != value:
        raise ConfigRefused(f"{config.path} would not read back as {value} at {pointer}")
    return text


def escape(key: object) -> str:
    return str(key).replace("~", "~0").replace("/", "~1")


def child(pointer: str, key: object) -> str:
    return f"{pointer}/{escape(key)}"


def look_up(data: object, pointer: str) -> object:
    for part in pointer.split("/")[1:]:
        key = part.replace("~1", "/").replace("~0", "~")
        if isinstance(data, list):
            data = data[int(key)] if key.isdigit() and int(key) < len(data) else None
        elif isinstance(data, dict):
            data = next((v for k, v in data.items() if str(k) == key), None)
        else:
            return None
    return data
