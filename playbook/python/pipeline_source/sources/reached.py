"""Which functions the script may run, by names alone: a loop of a module that is imported for something else is not the
job's.

Generous: whatever is named in code that runs, in a text of it, or is decorated, runs; so does all where names are made at run time.
"""

from __future__ import annotations

import ast
import re

from .syntax import is_main_test, simple_name

_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_BY_NAME_AT_RUN_TIME = {"globals", "eval", "exec", "instantiate", "get_object", "locate", "import_module", "__import__"}
# A text that may name something; a sentence does not.
_PATH = re.compile(r"[\w.:/-]{1,200}")
_WORD = re.compile(r"[A-Za-z_]\w*")


def reached_definitions(project) -> set[int] | None:
    """Ids of the functions and classes that may run; None where that cannot be told from the code."""
    waiting: list[ast.AST] = []
    for module in project.modules:
        for statement in module.tree.body:
            test = statement.test if isinstance(statement, ast.If) else None
            guarded = isinstance(test, ast.Compare) and is_main_test(test)
            exports = isinstance(statement, ast.Assign) and simple_name(statement.targets[0]) == "__all__"
            if not exports and (not guarded or module is project.main):
                waiting.append(statement)
    by_name: dict[str, list[ast.AST]] = {}
    home: dict[int, object] = {}
    for module in project.modules:
        for node in ast.walk(module.tree):
            home[id(node)] = module
            if isinstance(node, _DEFINITIONS):
                by_name.setdefault(node.name, []).append(node)
    reached: set[int] = set()
    named: set[int] = set()
    entered: set[int] = set()
    while waiting:
        node = waiting.pop()
        is_definition = isinstance(node, _DEFINITIONS)
        if id(node) in entered or (is_definition and id(node) not in named and not node.decorator_list):
            continue  # Defined, and nobody has named it yet.
        entered.add(id(node))
        for name, is_bare in _names_in(node, reached, waiting):
            if name in _BY_NAME_AT_RUN_TIME:
                return None
            meant = by_name.get(name, [])
            # A module's own `main` is meant where it stands, not that of another one.
            own = [d for d in meant if is_bare and home[id(d)] is home[id(node)]]
            for definition in own or meant:
                named.add(id(definition))
                waiting.append(definition)
    return reached


def _names_in(node: ast.AST, reached: set[int], waiting: list[ast.AST]):
    """Names that a piece of code uses, without those of functions inside it, which wait to be named themselves."""
    if isinstance(node, _DEFINITIONS):
        reached.add(id(node))
    if isinstance(node, ast.ClassDef):
        # Whoever makes an instance may have a library call any of its methods.
        for statement in node.body:
            if isinstance(statement, _DEFINITIONS):
                yield statement.name, True
    children = list(ast.iter_child_nodes(node))
    while children:
        child = children.pop()
        if isinstance(child, _DEFINITIONS):
            waiting.append(child)
            continue
        if isinstance(child, ast.Name):
            yield child.id, True
        elif isinstance(child, ast.Attribute):
            yield child.attr, False
        elif isinstance(child, ast.alias):
            # `from x import f as g`: g is what is used.
            if child.asname:
                yield child.name.rpartition(".")[2], False
        elif isinstance(child, ast.Constant) and isinstance(child.value, str) and _PATH.fullmatch(child.value):
            for word in _WORD.findall(child.value):
                yield word, False
        children += ast.iter_child_nodes(child)
