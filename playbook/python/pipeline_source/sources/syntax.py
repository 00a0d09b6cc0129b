"""Small questions about syntax trees, answered without following values."""

from __future__ import annotations

import ast
import functools

# Calls that our own rewrites put in, by name: they are looked through.
PASS_THROUGH_HELPERS = {
    "_autoresearch_timed",
    "_autoresearch_cached",
    "_autoresearch_kept",
    "_autoresearch_each",
    "_autoresearch_chained",
    "_autoresearch_decoding",
}
# Takes the function that gathers a window and what it gathers, or a function without parameters.
WINDOW_HELPER = "_autoresearch_timed_window"
# Takes what a pipeline is built from, and `make` where build_pipeline does not build it.
CONTINUED_HELPER = "_autoresearch_continued"
SUBPROCESS_HELPERS = {"_autoresearch_subprocess", "_autoresearch_subprocess_loader"}


def default_node(function: ast.AST, name: str) -> ast.AST | None:
    args = function.args
    ordered = [*args.posonlyargs, *args.args]
    for arg, default in zip(reversed(ordered), reversed(args.defaults)):
        if arg.arg == name:
            return default
    for arg, default in zip(args.kwonlyargs, args.kw_defaults):
        if arg.arg == name:
            return default
    return None


@functools.cache
def own_statements(function: ast.AST) -> tuple[ast.AST, ...]:
    """Nodes of a function in the order of the code, without those of functions and classes inside it."""
    found: list[ast.AST] = []

    def take(node: ast.AST) -> None:
        found.append(node)
        if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)):
            for child in ast.iter_child_nodes(node):
                take(child)

    for child in ast.iter_child_nodes(function):
        take(child)
    return tuple(found)


@functools.cache
def is_generator(function: ast.AST) -> bool:
    return any(isinstance(n, (ast.Yield, ast.YieldFrom)) for n in own_statements(function))


def part_of(value: ast.AST, path: tuple[int, ...]) -> ast.AST | None:
    """`a, b = x, y` gives b the y; None where the parts are not in the code."""
    for index in path:
        if not isinstance(value, (ast.Tuple, ast.List)) or index >= len(value.elts):
            return None
        value = value.elts[index]
    return value


def simple_name(node: ast.AST) -> str | None:
    if isinstance(node, ast.Name):
        return node.id
    return node.attr if isinstance(node, ast.Attribute) else None


def first_parameter(function: ast.AST) -> str | None:
    names = [*function.args.posonlyargs, *function.args.args]
    return names[0].arg if names else None


def has_decorator(node: ast.AST, name: str) -> bool:
    return any(
        simple_name(d.func if isinstance(d, ast.Call) else d) == name for d in getattr(node, "decorator_list", [])
    )


def is_inserted(module, node: ast.AST) -> bool:
    """Whether a node stands inside of what a rewrite of ours put in."""
    return any(
        isinstance(a, (ast.FunctionDef, ast.ClassDef)) and a.name.lower().startswith("_autoresearch")
        for a in module.ancestors(node)
    )


def is_main_test(node: ast.Compare) -> bool:
    sides = [node.left, *node.comparators]
    return any(isinstance(s, ast.Name) and s.id == "__name__" for s in sides) and any(
        isinstance(s, ast.Constant) and s.value == "__main__" for s in sides
    )


def base_name(node: ast.AST) -> str:
    """First name of a dotted expression."""
    while isinstance(node, (ast.Attribute, ast.Call, ast.Subscript)):
        node = node.func if isinstance(node, ast.Call) else node.value
    return node.id if isinstance(node, ast.Name) else ""


def last_name(node: ast.AST) -> str:
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")


def stores_to(method: ast.AST, self_name: str, name: str) -> list:
    """Assignments to self.name in a method: (kind, value, path, statement)."""
    return _stores_by_name(method, self_name).get(name, [])


@functools.cache
def _stores_by_name(method: ast.AST, self_name: str) -> dict[str, list]:
    found: dict[str, list] = {}

    def take(target: ast.AST, kind: str, value: ast.AST, statement: ast.AST, path: tuple = ()) -> None:
        if isinstance(target, ast.Attribute):
            if isinstance(target.value, ast.Name) and target.value.id == self_name:
                found.setdefault(target.attr, []).append((kind, value, path, statement))
        elif isinstance(target, (ast.Tuple, ast.List)):
            for index, element in enumerate(target.elts):
                take(element, kind, value, statement, (*path, index))

    for node in ast.walk(method):
        if isinstance(node, ast.Assign):
            for target in node.targets:
                take(target, "assign", node.value, node)
        elif isinstance(node, ast.AnnAssign) and node.value is not None:
            take(node.target, "assign", node.value, node)
        elif isinstance(node, (ast.With, ast.AsyncWith)):
            for item in node.items:
                if item.optional_vars is not None:
                    take(item.optional_vars, "with", item.context_expr, node)
    return found
