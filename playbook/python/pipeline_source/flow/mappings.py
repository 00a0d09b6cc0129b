"""Keys of mappings: dict displays, configuration files, what the code puts into them."""

from __future__ import annotations

import ast

from ..configs.config_files import ConfigRefused, look_up, read_config
from ..configs.interpolation import FromEnvironment, interpolation, number_in
from ..configs.yaml_anchors import Opaque
from ..libraries.python_config import entry_in, name_in, override_in
from ..libraries.registries import registered
from .layers import Layers, Under, of_layers, shadow
from .overlays import laid_over, with_overlays
from .values import (
    UNKNOWN_NUMBER,
    Arguments,
    Computed,
    Concrete,
    DictOf,
    External,
    ExternalCall,
    Flag,
    Frame,
    Instance,
    Leaf,
    Literal,
    Namespace,
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
        if isinstance(base, Namespace):
            return with_overlays(laid_over(self, base, key), name_in(self, base, key), self.not_in_force)
        if held := registered(self, base, key):
            return held
        if isinstance(base, Layers):
            return of_layers(base, lambda part: self.item(part, key, node, frame), self.not_in_force)
        if isinstance(base, Under):
            return [base.value] if key == base.key else [Unknown(f"key {key!r}")]
        if isinstance(base, SequenceOf) and isinstance(key, int) and -len(base.elements) <= key < len(base.elements):
            return self.evaluate(base.elements[key], base.frame)
        if isinstance(base, (Arguments, Instance)) and isinstance(key, str):
            return self.attribute(base, key, node, frame)
        if isinstance(base, External) and base.name == "sys.argv" and isinstance(key, int):
            words = [self.project.script, *self.project.launch.arguments]
            return [Concrete(number_in(words[key]))] if -len(words) <= key < len(words) else [Unknown("argument")]
        if isinstance(base, External) and base.name == "os.environ" and isinstance(key, str):
            value = self.project.launch.environment.get(key)
            return [Unknown("environment")] if value is None else [Computed(value, node, frame)]
        if isinstance(base, ExternalCall) and base.name == "builtins.globals" and isinstance(key, str):
            return self.look_up(key, self.open_frame(base.frame.module.scope), None)
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
            own = self._stored_in(base, key) or self._entry(base, key)
            own = entry_in(self, base, key, own)
            if all(isinstance(v, Unknown) for v in own):
                own = registered(self, base, key) or own
            return with_overlays(laid_over(self, base, key), own, self.not_in_force)
        finally:
            self._active.discard(asked)

    def _stored_in(self, base: DictOf, key) -> list[Value]:
        """`cfg.DATA = CfgNode()`, `cfg["workers"] = 4`: what the last statement that is certain to run puts there."""
        found: list[Value] = []
        for module, store, value in self.key_stores.get(key, []) if isinstance(key, str) else []:
            if id(store) in self._active_stores:
                continue
            frame = self.frame_at(module, store)
            self._active_stores.add(id(store))
            try:
                if any(v is base for v in self.evaluate(store.value, frame)) and self.is_live(store, frame):
                    values = [v for v in self.evaluate(value, frame) if not isinstance(v, Unknown)]
                    shadow(self.not_in_force, found)
                    found = values or found
            finally:
                self._active_stores.discard(id(store))
        if found:
            shadow(self.not_in_force, [v for name, node in base.entries if name == key for v in self.evaluate(node, base.frame)])
        return found

    def _entry(self, base: DictOf, key) -> list[Value]:
        if base.order is not None and base.merged:
            found: list[Value] = []
            for name, value in reversed(base.order):
                held: list[Value] = self.evaluate(value, base.frame) if name == key else []
                if name is UNKNOWN_NUMBER:
                    held = [
                        v
                        for inner in self.evaluate(value, base.frame)
                        for v in self.item(inner, key, value, base.frame)
                    ]
                held = [v for v in held if not isinstance(v, Unknown)]
                if found:
                    shadow(self.not_in_force, held)
                found = found or held
            return found or [Unknown(f"key {key!r}")]
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
            name = leaf.package + pointer[1:].replace("/", ".")
            # Of a mapping it says which group of Hydra's stands there.
            override = None if isinstance(data[key], dict) else override_in(self, name)
            if override is not None or self.project.launch.removes(name):
                shadow(self.not_in_force, [Leaf(data[key], leaf.config, pointer)])
                return [override or Unknown(f"key {key!r}")]
            own = self._leaf_at(leaf, pointer, data[key], set())
            replaced = self.config_override(leaf, key)
            if replaced:
                shadow(self.not_in_force, own)
                return replaced
            return with_overlays(laid_over(self, leaf, key), own, self.not_in_force)
        if isinstance(data, dict) and isinstance(key, str):
            added = override_in(self, leaf.package + f"{leaf.pointer}/{key}"[1:].replace("/", "."))
            if isinstance(added, Flag):
                return [added]
        return [Unknown(f"key {key!r}")]

    def _leaf_at(self, leaf: Leaf, pointer: str, data, seen: set[str]) -> list[Value]:
        """What stands at a pointer; `${loader.workers}` of OmegaConf leads on to where the number stands."""
        if isinstance(data, Opaque):
            return [Unknown(f"tag {data.tag}")]
        config = leaf.config
        if not isinstance(data, str) or pointer in seen:
            return [Leaf(data, config, pointer, leaf.package)]
        reference = interpolation(data, pointer)
        if isinstance(reference, FromEnvironment):
            value = self.project.launch.environment.get(reference.name, reference.default)
            return [Unknown("environment") if value is None else Concrete(number_in(value))]
        if reference is None:
            return [Leaf(data, config, pointer, leaf.package)]
        override = override_in(self, reference[1:].replace("/", "."))
        if override is not None:
            return [override]
        found = look_up(config.data, reference)
        return [Unknown("interpolation")] if found is None else self._leaf_at(leaf, reference, found, {*seen, pointer})

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
