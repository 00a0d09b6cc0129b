"""What mappings that are laid over an object or another mapping bring for one key, in place of its default."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field

from ..configs.config_roots import ConfigRoots
from ..libraries.python_readers import follows_bases
from ..sources.project import Project
from ..values.layers import Layers, is_mapping, layered, shadow
from ..values.made import Made
from ..values.values import Arguments, Concrete, DictOf, FileRef, Instance, Leaf, Namespace, Unknown, Value
from .branches import Branches
from .code_index import CodeIndex
from .evaluator import Evaluator
from .frames import Frames
from .overlays import Overlay


@dataclass(eq=False)
class LaidOver:
    """Follows the statements that overlays.py found to whom they change and what they bring."""

    _project: Project
    _index: CodeIndex
    _made: Made
    _frames: Frames
    _evaluator: Evaluator
    _branches: Branches
    _configs: ConfigRoots
    _active: set[int] = field(default_factory=set, init=False)

    def laid_over(self, holder: Value, name: str) -> list[Laid]:
        """What overlays bring for an attribute or key of a value, the last statement of the code first."""
        if not isinstance(name, str):
            return []
        found: list[Laid] = []
        for overlay in reversed(self._index.overlays):
            if id(overlay.node) in self._active:
                continue
            if isinstance(holder, Namespace) and _is_in_reader_of_bases(overlay):
                continue  # configurations that name their bases are put together as a whole
            self._active.add(id(overlay.node))
            try:
                frame = self._frames.at(overlay.module, overlay.node)
                targets = self._evaluator.evaluate(_object_of(overlay.target), frame)
                if not any(_is_same(t, holder) for t in targets) or not self._branches.is_live(overlay.node, frame):
                    continue
                values = self._brought(overlay, name, frame)
                if values:
                    found.append(Laid(values, overlay.when))
            finally:
                self._active.discard(id(overlay.node))
        return found

    def _brought(self, overlay: Overlay, name: str, frame) -> list[Value]:
        for key in _keys_of(name, overlay.change):
            for source in self._evaluator.evaluate(_object_of(overlay.source), frame):
                if getattr(getattr(overlay.node, "func", None), "attr", "") == "merge_from_file":
                    source = self._file_named(source) or source
                if isinstance(source, FileRef) and source.path.endswith(".py"):
                    source = self._run(source) or source
                if isinstance(source, (Leaf, DictOf, Arguments, Instance, Layers, Namespace)):
                    values = [
                        v
                        for v in self._evaluator.item(source, key, overlay.source, frame)
                        if not isinstance(v, Unknown)
                    ]
                    given = [v for v in values if not (isinstance(v, Concrete) and v.value is None)]
                    if given:
                        return given
        return []

    def _file_named(self, source: Value) -> Value | None:
        """The configuration whose path is given."""
        path = self._project.find_file(source.value) if isinstance(getattr(source, "value", None), str) else None
        if path is None:
            return None
        return self._configs.root(path) if path.endswith((".yaml", ".yml", ".json")) else FileRef(path)

    def _run(self, source: FileRef) -> Value | None:
        """The names of a file whose text goes to exec()."""
        module = self._index.file(source.path)
        return None if module is None else self._made.namespace(module)


@dataclass(eq=False)
class Laid:
    """What an overlay brings for one key."""

    values: list[Value]
    when: str


def with_overlays(laid: list[Laid], own: list[Value], not_in_force: set) -> list[Value]:
    """What is in force: overlays in place of what was there before, or where that is None."""
    is_absent = all(isinstance(v, Unknown) or (isinstance(v, Concrete) and v.value is None) for v in own)
    for each in laid:
        if each.when == "absent" and not is_absent:
            continue
        if any(is_mapping(v) for v in own) and is_mapping(each.values[0]):
            # A mapping in place of a mapping: merged in depth, as the statements that make one do.
            return [layered([*[v for v in own if is_mapping(v)][:1], each.values[0]])]
        shadow(not_in_force, own)
        return each.values
    return own


def _is_in_reader_of_bases(overlay: Overlay) -> bool:
    functions = [a for a in overlay.module.ancestors(overlay.node) if isinstance(a, ast.FunctionDef)]
    return any(follows_bases(f) for f in functions[:1])


def _keys_of(name: str, change: str) -> list[str]:
    if change == "upper":
        return [name.lower(), name] if name.isupper() else []
    if change == "lower":
        return [name.upper(), name] if name.islower() else []
    return [name, name.replace("_", "-")] if change == "underscores" else [name]


def _object_of(node: ast.AST) -> ast.AST:
    """`args` of `vars(args)` and `args.__dict__`."""
    if isinstance(node, ast.Attribute) and node.attr == "__dict__":
        return node.value
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "vars" and node.args:
        return node.args[0]
    return node


def _is_same(one: Value, other: Value) -> bool:
    if isinstance(one, Arguments):
        return isinstance(other, Arguments)
    if isinstance(one, Instance):
        return isinstance(other, Instance) and one.cls.node is other.cls.node
    if isinstance(one, Leaf):
        return isinstance(other, Leaf) and one.config is other.config and one.pointer == other.pointer
    return one is other
