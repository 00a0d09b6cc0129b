"""The configuration that Hydra composes from its defaults list and the command's choices of groups."""

from __future__ import annotations

import re

from ..configs.config_roots import ConfigRoots
from ..sources.project import Project
from ..values.layers import Under, layered
from ..values.values import Leaf, Value

_PACKAGE = re.compile(r"^#\s*@package\s+(\S+)", re.M)
MAX_DEPTH = 8


def composed(project: Project, configs: ConfigRoots, folder: str, name: str) -> Value | None:
    """`folder` and `name` are what hydra.main() was given; None when the file is not there or not understood."""
    layers = _layers(project, configs, folder, name, "", 0)
    return layered(layers) if layers else None


def _layers(project: Project, configs: ConfigRoots, folder: str, name: str, package: str, depth: int) -> list[Value]:
    leaf = _file(project, configs, folder, name)
    if leaf is None or depth > MAX_DEPTH:
        return []
    named = _PACKAGE.search(leaf.config.text)
    if named is not None:
        own = named.group(1)
        package = "" if own == "_global_" else own.replace("_group_", package)
    here = _placed(Leaf(leaf.value, leaf.config, leaf.pointer, f"{package}." if package else ""), package)
    defaults = leaf.value.get("defaults") if isinstance(leaf.value, dict) else None
    if not isinstance(defaults, list):
        return [here]
    found: list[Value] = []
    has_self = False
    group_of_file = name.rpartition("/")[0]
    for entry in defaults:
        if entry == "_self_":
            found.append(here)
            has_self = True
            continue
        for group, option, at in _choices(project, entry):
            path = group.lstrip("/") if group.startswith("/") or not group_of_file else f"{group_of_file}/{group}"
            inner = at if at is not None else path.strip("/").replace("/", ".")
            found += _layers(project, configs, folder, f"{path}/{option}".strip("/"), inner, depth + 1)
    # Hydra puts the file itself after its defaults where the list does not say.
    return found if has_self else [*found, here]


def _choices(project: Project, entry) -> list[tuple[str, str, str | None]]:
    """(group, option, package) of one entry; the command's `group=option` wins."""
    if isinstance(entry, str):
        path, _, package = entry.partition("@")
        group, _, option = path.rpartition("/")
        return [(group, option, package or None)]
    if not isinstance(entry, dict) or len(entry) != 1:
        return []
    key, options = next(iter(entry.items()))
    words = str(key).split()
    group, _, package = words[-1].partition("@")
    given = project.launch.override(words[-1].lstrip("/"))
    if given is not None:
        options = given
    if "override" in words[:-1] or options is None:
        return []
    listed = options if isinstance(options, list) else [options]
    package = "" if package == "_global_" else package or None
    return [(group, str(option).removesuffix(".yaml"), package) for option in listed]


def _file(project: Project, configs: ConfigRoots, folder: str, name: str) -> Leaf | None:
    for ending in ("", ".yaml", ".yml"):
        path = project.find_file(f"{folder}/{name}{ending}" if folder else f"{name}{ending}")
        if path and path.endswith((".yaml", ".yml")):
            return configs.root(path)
    return None


def _placed(value: Value, package: str) -> Value:
    for key in reversed(package.split(".")) if package else []:
        value = Under(key, value)
    return value
