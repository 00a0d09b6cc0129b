"""What statements store into objects and mappings from outside: `args.workers = …`, `cfg["workers"] = …`."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field

from ..values.layers import shadow
from ..values.overridden import Overridden
from ..values.values import Concrete, DictOf, Flag, InCode, Leaf, Unknown, Value
from .branches import Branches
from .code_index import CodeIndex
from .evaluator import Evaluator
from .frames import Frames


@dataclass(eq=False)
class Stores:
    """Only statements that may run count; each is left out while its own value is followed."""

    _index: CodeIndex
    _overridden: Overridden
    _frames: Frames
    _evaluator: Evaluator
    _branches: Branches
    _active: set[int] = field(default_factory=set, init=False)

    def on_attribute(self, name: str, is_holder) -> list[Value]:
        """`args.workers = …` somewhere in the project, where it is certain to run."""
        found: list[Value] = []
        for module, target, value in self._index.key_stores.get(name, []):
            if not isinstance(target, ast.Attribute) or id(target) in self._active:
                continue
            frame = self._frames.at(module, target)
            self._active.add(id(target))
            try:
                if any(is_holder(v) for v in self._evaluator.evaluate(target.value, frame)) and self._branches.is_live(
                    target, frame
                ):
                    found += [v for v in self._evaluator.evaluate(value, frame) if not isinstance(v, Unknown)]
            finally:
                self._active.discard(id(target))
        return found

    def in_display(self, base: DictOf, key) -> list[Value]:
        """`cfg.DATA = CfgNode()`, `cfg["workers"] = 4`: what the last statement that is certain to run puts there."""
        found: list[Value] = []
        for module, store, value in self._index.key_stores.get(key, []) if isinstance(key, str) else []:
            if id(store) in self._active:
                continue
            frame = self._frames.at(module, store)
            self._active.add(id(store))
            try:
                if any(v is base for v in self._evaluator.evaluate(store.value, frame)) and self._branches.is_live(
                    store, frame
                ):
                    values = [v for v in self._evaluator.evaluate(value, frame) if not isinstance(v, Unknown)]
                    shadow(self._overridden.homes, found)
                    found = values or found
            finally:
                self._active.discard(id(store))
        if found:
            shadow(
                self._overridden.homes,
                [v for name, node in base.entries if name == key for v in self._evaluator.evaluate(node, base.frame)],
            )
        return found

    def over_leaf(self, leaf: Leaf, key) -> list[Value]:
        """`cfg["loader"]["workers"] = args.workers` where the flag is given: the flag is then what counts."""
        for module, store, value in self._index.key_stores.get(key, []):
            frame = self._frames.at(module, store)
            if id(store) in self._active:
                continue
            self._active.add(id(store))
            try:
                if not self._branches.is_live(store, frame):
                    continue
                holders = self._evaluator.evaluate(store.value, frame)
                if not any(
                    isinstance(h, Leaf) and h.config is leaf.config and h.pointer == leaf.pointer for h in holders
                ):
                    continue
                values = [
                    v for v in self._evaluator.evaluate(value, frame) if isinstance(v, Concrete) and v.value is not None
                ]
                if values and isinstance(values[0], (Flag, InCode)):
                    return values
            finally:
                self._active.discard(id(store))
        return []
