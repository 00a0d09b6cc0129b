"""Keys of mappings: dict displays, configuration files, what the code puts into them."""

from __future__ import annotations

import ast

from .config_files import ConfigRefused, read_config
from .values import (
    Arguments,
    Computed,
    Concrete,
    DictOf,
    External,
    Flag,
    Frame,
    Instance,
    Leaf,
    Literal,
    SequenceOf,
    Unknown,
    Value,
)


class Mappings:
    """Part of Flow: keys and configuration files."""

    def item(self, base: Value, key, node: ast.AST, frame: Frame) -> list[Value]:
        if isinstance(base, Leaf):
            return self.leaf_child(base, key)
        if isinstance(base, DictOf):
            return self.entry(base, key)
        if isinstance(base, SequenceOf) and isinstance(key, int) and -len(base.elements) <= key < len(base.elements):
            return self.evaluate(base.elements[key], base.frame)
        if isinstance(base, (Arguments, Instance)) and isinstance(key, str):
            return self.attribute(base, key, node, frame)
        if isinstance(base, External) and base.name == "os.environ" and isinstance(key, str):
            value = self.project.launch.environment.get(key)
            return [Unknown("environment")] if value is None else [Computed(value, node, frame)]
        if isinstance(base, Arguments) and key == 0:
            return [base]
        if isinstance(base, External):
            # A generic alias: DataLoader[int].
            return [base]
        if isinstance(base, Concrete) and isinstance(base.value, (list, tuple, dict, str)):
            try:
                return [Computed(base.value[key], node, frame)]
            except (IndexError, KeyError, TypeError):
                return [Unknown("index")]
        return [Unknown("subscript")]

    def entry(self, base: DictOf, key) -> list[Value]:
        asked = ("entry", id(base), key)
        if asked in self._active:
            return [Unknown("recursion")]
        self._active.add(asked)
        try:
            return self._entry(base, key)
        finally:
            self._active.discard(asked)

    def _entry(self, base: DictOf, key) -> list[Value]:
        for name, value in reversed(base.entries):
            if name == key:
                return self.evaluate(value, base.frame)
        for other in reversed(base.merged):
            for value in self.evaluate(other, base.frame):
                found = self.item(value, key, other, base.frame)
                if not isinstance(found[0], Unknown):
                    return found
        return [Unknown(f"key {key!r}")]

    # -- configuration files ----------------------------------------------------------------------------------------

    def config(self, path: str) -> Leaf | None:
        """Root of a configuration file, when it can be read."""
        if path not in self.configs:
            try:
                self.configs[path] = read_config(path, self.project.read_bytes(path).decode("utf-8"))
            except (ConfigRefused, UnicodeDecodeError, OSError) as error:
                self.configs[path] = None
                self.config_problems[path] = str(error)
        config = self.configs[path]
        return None if config is None else Leaf(config.data, config, "")

    def leaf_child(self, leaf: Leaf, key) -> list[Value]:
        data = leaf.value
        if (
            isinstance(data, dict)
            and key in data
            or isinstance(data, list)
            and isinstance(key, int)
            and -len(data) <= key < len(data)
        ):
            part = str(key if isinstance(data, dict) else key % len(data)).replace("~", "~0").replace("/", "~1")
            pointer = f"{leaf.pointer}/{part}"
            override = self.project.launch.override(pointer[1:].replace("/", "."))
            if override is not None:
                try:
                    return [Concrete(float(override) if "." in override else int(override))]
                except ValueError:
                    return [Concrete(override)]
            replaced = self.config_override(leaf, key)
            return replaced or [Leaf(data[key], leaf.config, pointer)]
        return [Unknown(f"key {key!r}")]

    def config_override(self, leaf: Leaf, key) -> list[Value]:
        """`cfg["loader"]["workers"] = args.workers` where the flag is given: the flag is then what counts."""
        for module, store, value in self.key_stores.get(key, []):
            frame = self.frame_at(module, store)
            if id(store) in self._active_stores:
                continue
            self._active_stores.add(id(store))
            try:
                if not self.is_live(store, frame):
                    continue
                holders = self.evaluate(store.value, frame)
                if not any(
                    isinstance(h, Leaf) and h.config is leaf.config and h.pointer == leaf.pointer for h in holders
                ):
                    continue
                values = [v for v in self.evaluate(value, frame) if isinstance(v, Concrete) and v.value is not None]
                if values and isinstance(values[0], (Flag, Literal, Computed)):
                    return values
            finally:
                self._active_stores.discard(id(store))
        return []

    @property
    def key_stores(self) -> dict:
        """Assignments to a key or attribute, by that key."""
        if not hasattr(self, "_key_stores"):
            self._key_stores: dict = {}
            self._active_stores: set[int] = set()
            for module in self.project.modules:
                for node in ast.walk(module.tree):
                    if isinstance(node, ast.Assign):
                        for target in node.targets:
                            if isinstance(target, ast.Subscript) and isinstance(target.slice, ast.Constant):
                                self._key_stores.setdefault(target.slice.value, []).append((module, target, node.value))
                            elif isinstance(target, ast.Attribute):
                                self._key_stores.setdefault(target.attr, []).append((module, target, node.value))
        return self._key_stores
