"""Numbers that dataflow did not reach, but whose name says that they tune, or how much of an item is taken."""

from __future__ import annotations

import ast
import re

from ..configs.config_files import look_up
from ..values.values import (
    Leaf,
    Literal,
    is_number,
)
from .item_lengths import is_item_length, is_taken
from .knob import Home
from .knobs import KnobFinder

_WORDS = re.compile(
    r"concurren|workers?\b|_workers|threads?\b|_threads|batch|buffer|prefetch|queue|n_?jobs|parallel", re.I
)
_NOT_TRAINING = re.compile(
    r"(^|[_\W])(val|valid|validation|eval|test|infer|log|every|num_batches|batches|n_batches|total|max_batch)([_\W]|$)",
    re.I,
)


class KnobsByName:
    """Adds to the knobs that were found by following values."""

    def __init__(self, flow, knobs: KnobFinder) -> None:
        self._flow, self._knobs = flow, knobs

    def find(self, read_configs: list) -> None:
        """Flags, constants, fields and leaves whose name says so, where dataflow did not reach them."""
        for definition in self._flow.flags.definitions:
            value = self._flow.flags.value(definition).value
            if id(definition) in self._flow.overridden.homes:
                continue
            if self._tells(definition.dest) and is_number(value) and self._knobs.settable(definition):
                self._add_named(Home(value, flag=definition, confidence="name"), definition.dest)
        given = self._defaults_of_flags()
        for config in read_configs:
            for pointer in config.places:
                name = pointer.rpartition("/")[2]
                if (config.path, pointer) in self._flow.overridden.homes or pointer in config.shadowed:
                    continue
                if self._tells(name) and not _NOT_TRAINING.search(pointer):
                    value = self._leaf_value(config, pointer)
                    if value is not None and is_number(value):
                        self._add_named(Home(value, leaf=Leaf(value, config, pointer), confidence="name"), name)
        for module in self._flow.project.modules:
            for statement in self._declarations(module):
                if not self._is_last(module, statement):
                    continue
                owner = module.parents[statement]
                if (
                    isinstance(owner, ast.ClassDef)
                    and (id(owner), getattr(statement.target, "id", "")) in self._flow.overridden.fields
                ):
                    continue
                target = statement.targets[0] if isinstance(statement, ast.Assign) else statement.target
                if (
                    isinstance(target, ast.Name)
                    and self._tells(target.id)
                    and isinstance(statement.value, ast.Constant)
                    and not self._is_shape(owner, target.id)
                ):
                    if is_number(statement.value.value) and id(statement.value) not in given | self._flow.overridden.homes:
                        frame = self._flow.frames.at(module, statement.value)
                        self._add_named(
                            Home(statement.value.value, node=statement.value, frame=frame, confidence="name"), target.id
                        )

    def _defaults_of_flags(self) -> set[int]:
        """Literals that only say what a flag is when it is not given: the flag is the knob."""
        found: set[int] = set()
        for definition in self._flow.flags.definitions:
            if definition.default is not None:
                frame = definition.frame or self._flow.frames.at(definition.module, definition.default)
                found |= {id(v.node) for v in self._flow.evaluate(definition.default, frame) if isinstance(v, Literal)}
        return found

    @staticmethod
    def _declarations(module):
        for node in module.tree.body:
            if isinstance(node, (ast.Assign, ast.AnnAssign)) and node.value is not None:
                yield node
            elif isinstance(node, ast.ClassDef) and not node.name.lower().startswith("_autoresearch"):
                for inner in node.body:
                    if isinstance(inner, ast.AnnAssign) and inner.value is not None:
                        yield inner

    def _is_last(self, module, statement) -> bool:
        """Whether no later assignment at module level is certain to replace it."""
        target = statement.targets[0] if isinstance(statement, ast.Assign) else statement.target
        if module.parents[statement] is not module.tree or not isinstance(target, ast.Name):
            return True
        bindings = module.scope.bindings.get(target.id, [])
        if len(bindings) < 2:
            return True
        left = self._flow.names.reaching(module.scope, target.id, self._flow.frames.open(module.scope), None)
        return any(b.node is statement for b in left)

    def _is_shape(self, owner: ast.AST, name: str) -> bool:
        if not isinstance(owner, ast.Module) or not is_item_length(name):
            return False
        return not is_taken(self._flow.project.modules, name)

    @staticmethod
    def _tells(name: str) -> bool:
        spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).replace("-", "_")
        if spaced.startswith("_autoresearch"):
            return False
        return bool(_WORDS.search(spaced)) and not _NOT_TRAINING.search(spaced) or is_item_length(name)

    @staticmethod
    def _leaf_value(config, pointer: str):

        return look_up(config.data, pointer)

    def _add_named(self, home: Home, name: str) -> None:
        is_length = is_item_length(name)
        if home.key in self._knobs.knobs or home.value <= 0 or home.value < 1 and not is_length:
            return
        lowered = name.lower()
        role = (
            "item_length"
            if is_length
            else "batch_size"
            if re.search(r"batch_?size|per_batch|^batch$", lowered)
            else "prefetch"
            if "prefetch" in lowered
            else "other"
        )
        self._knobs.add(home, role, None, None)
