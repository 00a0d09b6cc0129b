"""Whole mappings laid over an object or a mapping: `vars(args).update(cfg)`, `for k, v in cfg.items(): setattr(…)`.

Here they are found by how they are written; laid.py follows them.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass


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
