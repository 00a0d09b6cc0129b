"""Whole mappings laid over an object or a mapping: `vars(args).update(cfg)`, `for k, v in cfg.items(): setattr(…)`.

What they bring is in force in place of a default, wherever that stands. Functions here take the flow that evaluates.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass

from ..libraries.python_config import follows_bases
from .layers import Layers, is_mapping, layered, shadow
from .values import Arguments, Concrete, DictOf, FileRef, Instance, Leaf, Namespace, Unknown, Value


_MERGING = ("update", "merge_from_dict", "merge_from_other_cfg", "merge_from_file")


@dataclass(eq=False)
class Overlay:
    """One statement that stores many keys: `target` gets what `source` (a mapping) holds."""

    module: object
    node: ast.AST
    target: ast.AST
    source: ast.AST
    # How the key of the source becomes that of the target: '', 'upper', 'lower', 'underscores'.
    change: str = ""
    # "always"; "absent": only where the target has None or nothing; "known": a condition may tell a given flag.
    when: str = "always"
    # The stored value is made from the source's value (a merge of mappings), not that value itself.
    is_made: bool = False


@dataclass(eq=False)
class Laid:
    """What an overlay brings for one key."""

    values: list[Value]
    when: str


def overlays_of(modules) -> list[Overlay]:
    found: list[Overlay] = []
    for module in modules:
        for node in ast.walk(module.tree):
            if isinstance(node, ast.Call):
                found += _of_update(module, node)
                if isinstance(node.func, ast.Name) and node.func.id == "exec" and 2 <= len(node.args) <= 3:
                    found += [Overlay(module, node, target, node.args[0]) for target in node.args[1:]]
                if isinstance(node.func, ast.Name) and node.func.id == "setattr" and len(node.args) == 3:
                    found += _in_loop(module, node, node.args[0], node.args[1], node.args[2])
            elif isinstance(node, ast.AugAssign) and isinstance(node.op, ast.BitOr):
                found.append(Overlay(module, node, node.target, node.value))
            elif isinstance(node, ast.Assign):
                for target in node.targets:
                    if isinstance(target, ast.Subscript):
                        found += _in_loop(module, node, target.value, target.slice, node.value)
    return found


def _of_update(module, node: ast.Call) -> list[Overlay]:
    if not isinstance(node.func, ast.Attribute) or node.func.attr not in _MERGING:
        return []
    found = []
    if len(node.args) == 1 and not isinstance(node.args[0], (ast.Constant, ast.BinOp, ast.Starred)):
        found.append(Overlay(module, node, node.func.value, node.args[0]))
    if node.keywords and not any(k.arg in ("refresh", "n", "advance", "completed") for k in node.keywords):
        named = [k for k in node.keywords if k.arg]
        if named:
            given = ast.Dict([ast.Constant(k.arg) for k in named], [k.value for k in named])
            found.append(Overlay(module, node, node.func.value, ast.copy_location(given, node)))
        found += [Overlay(module, node, node.func.value, k.value) for k in node.keywords if k.arg is None]
    return found


def _in_loop(module, node: ast.AST, target: ast.AST, key: ast.AST, value: ast.AST) -> list[Overlay]:
    """`for k, v in source.items(): target[k] = v`, or setattr(target, k, v), or `for k in source: … source[k]`."""
    name, change = _key_name(key)
    if name is None:
        return []
    tests: list[ast.AST] = []
    for parent in module.ancestors(node):
        if isinstance(parent, ast.If):
            tests.append(parent.test)
        elif isinstance(parent, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            return []
        elif isinstance(parent, ast.For):
            source, value_name = _pairs(parent)
            keys = parent.target.elts[0] if isinstance(parent.target, ast.Tuple) else parent.target
            if source is None or not isinstance(keys, ast.Name) or keys.id != name:
                return []
            used = [n for n in ast.walk(value) if isinstance(n, ast.Name) and n.id in (value_name, name)]
            if not used:
                return []
            is_made = not (
                isinstance(value, ast.Name)
                or (isinstance(value, ast.Subscript) and ast.dump(value.value) == ast.dump(source))
            )
            return [Overlay(module, node, target, source, change, _when(tests), is_made)]
    return []


def _pairs(loop: ast.For) -> tuple[ast.AST | None, str | None]:
    """(the mapping that a loop runs over, the name of its values)."""
    iterable = loop.iter
    if isinstance(iterable, ast.Call) and isinstance(iterable.func, ast.Attribute) and iterable.func.attr == "items":
        values = loop.target.elts[1] if isinstance(loop.target, ast.Tuple) and len(loop.target.elts) == 2 else None
        return iterable.func.value, values.id if isinstance(values, ast.Name) else None
    if isinstance(iterable, ast.Call) and isinstance(iterable.func, ast.Attribute) and iterable.func.attr == "keys":
        return iterable.func.value, None
    return (
        (iterable, None)
        if isinstance(loop.target, ast.Name) and isinstance(iterable, (ast.Name, ast.Attribute))
        else (None, None)
    )


def _key_name(node: ast.AST) -> tuple[str | None, str]:
    if isinstance(node, ast.Name):
        return node.id, ""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and isinstance(node.func.value, ast.Name):
        if node.func.attr in ("upper", "lower"):
            return node.func.value.id, node.func.attr
        if node.func.attr == "replace" and [getattr(a, "value", None) for a in node.args] == ["-", "_"]:
            return node.func.value.id, "underscores"
    return None, ""


def _when(tests: list[ast.AST]) -> str:
    strictest = "always"
    for test in tests:
        if any(
            isinstance(n, ast.Compare) and isinstance(n.ops[0], ast.Is) and _is_none(n.comparators[0])
            for n in ast.walk(test)
        ):
            return "absent"
        if not (isinstance(test, ast.Call) and getattr(test.func, "id", "") in ("hasattr", "isinstance")):
            strictest = "known"
    return strictest


def _is_none(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def laid_over(flow, holder: Value, name: str) -> list[Laid]:
    """What overlays bring for an attribute or key of a value, the last statement of the code first."""
    if not isinstance(name, str):
        return []
    found: list[Laid] = []
    for overlay in reversed(flow.overlays):
        if id(overlay.node) in flow.active_overlays:
            continue
        if isinstance(holder, Namespace) and _is_in_reader_of_bases(overlay):
            continue  # configurations that name their bases are put together as a whole
        flow.active_overlays.add(id(overlay.node))
        try:
            frame = flow.frame_at(overlay.module, overlay.node)
            targets = flow.evaluate(_object_of(overlay.target), frame)
            if not any(_is_same(t, holder) for t in targets) or not flow.is_live(overlay.node, frame):
                continue
            values = _brought(flow, overlay, name, frame)
            if values:
                found.append(Laid(values, overlay.when))
        finally:
            flow.active_overlays.discard(id(overlay.node))
    return found


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


def _brought(flow, overlay: Overlay, name: str, frame) -> list[Value]:
    for key in _keys_of(name, overlay.change):
        for source in flow.evaluate(_object_of(overlay.source), frame):
            if getattr(getattr(overlay.node, "func", None), "attr", "") == "merge_from_file":
                source = _file_named(flow, source) or source
            if isinstance(source, FileRef) and source.path.endswith(".py"):
                source = _run(flow, source) or source
            if isinstance(source, (Leaf, DictOf, Arguments, Instance, Layers, Namespace)):
                values = [v for v in flow.item(source, key, overlay.source, frame) if not isinstance(v, Unknown)]
                given = [v for v in values if not (isinstance(v, Concrete) and v.value is None)]
                if given:
                    return given
    return []


def _is_in_reader_of_bases(overlay: Overlay) -> bool:
    functions = [a for a in overlay.module.ancestors(overlay.node) if isinstance(a, ast.FunctionDef)]
    return any(follows_bases(f) for f in functions[:1])


def _file_named(flow, source: Value) -> Value | None:
    """The configuration whose path is given."""
    path = flow.project.find_file(source.value) if isinstance(getattr(source, "value", None), str) else None
    if path is None:
        return None
    return flow.config(path) if path.endswith((".yaml", ".yml", ".json")) else FileRef(path)


def _run(flow, source: FileRef) -> Value | None:
    """The names of a file whose text goes to exec()."""
    module = flow.load_file(source.path)
    return None if module is None else flow._once(("namespace", module.path), lambda: Namespace(module))


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
