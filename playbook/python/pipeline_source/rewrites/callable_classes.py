"""Lambdas and functions inside of functions become objects of module-level classes: what a subprocess gets must pickle.

What such a function takes from around it is handed over when the pipeline is built, so it must be bound once there.
"""

from __future__ import annotations

import ast
import copy
import textwrap

from ..sources.syntax import own_statements
from ..stages.operations import NotApplicable, operation_node
from ..stages.repeatable import CHANGES
from ..values.values import Function
from .edits import Edits
from .instrument import edits_of
from .mtp import feeding
from .stage_edits import text_files

PREFIX = "_Autoresearch_"


def callable_classes(analysis) -> tuple[dict[str, str], str]:
    """Each lambda and nested function that a stage of the loop's pipeline runs becomes a callable object."""
    edits: dict[object, Edits] = {}
    made: list[str] = []
    taken: set[str] = set()
    for found in feeding(analysis):
        for stage in found.stages:
            if stage.kind != "pipe" or stage.step is None or len(stage.operations) != 1:
                continue
            node = _named(operation_node(stage))
            values = analysis.flow.evaluate(node, stage.step.frame)
            function = values[0] if len(values) == 1 and isinstance(values[0], Function) else None
            if function is None or not function.module.scope_at(function.node).is_function and not _is_lambda(function):
                continue
            _require_here(stage, function)
            captured = _captured(function)
            name = _class_name(function, taken)
            at = edits_of(edits, function.module)
            at.insert_block(_class_text(function, name, captured))
            at.replace_node(node, f"{name}({', '.join(captured)})")
            made.append(stage.name)
    if not made:
        raise NotApplicable("no stage runs a lambda or a function inside of a function")
    return text_files(edits), f"{', '.join(made)} run as objects of classes, which pickle"


def _named(node: ast.AST) -> ast.AST:
    """The function itself, under functools.partial."""
    is_partial = isinstance(node, ast.Call) and "partial" in (
        getattr(node.func, "id", ""),
        getattr(node.func, "attr", ""),
    )
    return node.args[0] if is_partial and node.args else node


def _is_lambda(function: Function) -> bool:
    return isinstance(function.node, ast.Lambda)


def _require_here(stage, function: Function) -> None:
    node = function.node
    if stage.step.frame.module is not function.module or stage.step.frame.scope is not function.module.scope_at(node):
        raise NotApplicable(f"{stage.name} is made in another function than it is used in")
    if getattr(node, "decorator_list", None) or node.args.defaults or node.args.kw_defaults or node.args.vararg:
        raise NotApplicable(f"{stage.name} has a decorator, defaults or *args")
    for inner in own_statements(node):
        if isinstance(inner, (ast.Yield, ast.YieldFrom, ast.Await, ast.Global, ast.Nonlocal)):
            raise NotApplicable(f"{stage.name} is a generator or coroutine, or writes outer names")
        if isinstance(inner, ast.Constant) and isinstance(inner.value, str) and inner.lineno != inner.end_lineno:
            raise NotApplicable(f"{stage.name} holds a text of several lines")
    if not _is_lambda(function) and node.body[0].lineno == node.lineno:
        raise NotApplicable(f"the body of {stage.name} is one line")


def _captured(function: Function) -> list[str]:
    """Names that it takes from the functions around it."""
    module = function.module
    inner = module.scopes[function.node]
    found: list[str] = []
    for node in _own_nodes(function.node):
        if not isinstance(node, ast.Name) or not isinstance(node.ctx, ast.Load) or node.id in inner.bindings:
            continue
        scope = inner.parent
        while scope is not None and scope.is_function and node.id not in scope.bindings:
            scope = scope.parent
        if scope is None or not scope.is_function or node.id in found:
            continue
        bound = scope.bindings[node.id]
        if len(bound) != 1 or bound[0].kind not in ("assign", "param", "import"):
            raise NotApplicable(f"it uses {node.id}, which is a function of its own, or is bound more than once")
        if node.id == "self":
            raise NotApplicable("it uses self, the whole of which it would take along")
        if bound[0].kind == "import" and isinstance(bound[0].node, ast.Import):
            raise NotApplicable(f"it uses {node.id}, a module that is imported beside it and does not pickle")
        if bound[0].kind == "assign" and isinstance(bound[0].value, ast.Lambda):
            raise NotApplicable(f"it uses {node.id}, which does not pickle either")
        if bound[0].kind == "assign" and bound[0].node.lineno > function.node.lineno:
            raise NotApplicable(f"it uses {node.id}, which gets its value later")
        if _is_changed(function, node.id):
            raise NotApplicable(f"it changes {node.id}, which a subprocess would do to a copy")
        found.append(node.id)
    return found


def _own_nodes(node: ast.AST) -> list[ast.AST]:
    """Of its body: its annotations and decorators are evaluated elsewhere."""
    body = node.body if isinstance(node.body, list) else [node.body]
    return [each for statement in body for each in ast.walk(statement)]


def _parameters(node: ast.AST) -> str:
    """Without annotations, whose names may mean nothing yet where the class stands."""
    bare = copy.deepcopy(node.args)
    for each in ast.walk(bare):
        if isinstance(each, ast.arg):
            each.annotation = None
    return ast.unparse(bare)


def _is_changed(function: Function, name: str) -> bool:
    for node in ast.walk(function.node):
        held = None
        if isinstance(node, (ast.Subscript, ast.Attribute)) and isinstance(node.ctx, (ast.Store, ast.Del)):
            held = node.value
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in CHANGES:
            held = node.func.value
        if isinstance(held, ast.Name) and held.id == name:
            return True
    return False


def _class_name(function: Function, taken: set[str]) -> str:
    base = f"{PREFIX}{getattr(function.node, 'name', 'lambda')}"
    name, at = base, 1
    while name in taken or name in function.module.text:
        at += 1
        name = f"{base}_{at}"
    taken.add(name)
    return name


def _class_text(function: Function, name: str, captured: list[str]) -> str:
    node, module = function.node, function.module
    label = getattr(node, "name", "<lambda>")
    held = f"({', '.join(captured)}{',' if len(captured) == 1 else ''})"
    if _is_lambda(function):
        body = [f"return ({module.text_of(node.body)})"]
    else:
        lines = [line.decode("utf-8").rstrip("\r") for line in module.lines[node.body[0].lineno - 1 : node.end_lineno]]
        body = textwrap.dedent("\n".join(lines)).split("\n")
    init = [f"    def __init__(self, {', '.join(captured)}):", f"        self._held = {held}", ""]
    parameters = ", ".join(["self", *([_parameters(node)] if node.args.args or node.args.posonlyargs else [])])
    return "\n".join(
        [
            f"# [autoresearch] {label} as an object, which pickles",
            f"class {name}:",
            f'    __name__ = "{label}"',
            "",
            *(init if captured else []),
            f"    def __call__({parameters}):",
            *([f"        {held} = self._held"] if captured else []),
            *[f"        {line}" if line.strip() else "" for line in body],
        ]
    )
