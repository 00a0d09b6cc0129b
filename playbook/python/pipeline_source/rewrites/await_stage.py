"""A stage that runs a coroutine to its end by asyncio.run becomes the coroutine: it waits without a thread."""

from __future__ import annotations

import ast

from ..sources.syntax import own_statements
from ..stages.operations import NotApplicable, given, operation_node, require_pipe
from ..stages.waiting import is_wait
from ..values.values import External, ExternalCall, Function, Method
from .edits import Edits
from .stage_edits import place, text_files

_CHEAP = {"len", "int", "float", "str", "tuple", "list", "dict", "isinstance", "split", "strip", "join", "format", "get"}
_LOOPS = (ast.For, ast.While, ast.ListComp, ast.DictComp, ast.SetComp, ast.GeneratorExp)


def await_stage(analysis, stage: str) -> tuple[dict[str, str], str]:
    """`def f(x): return asyncio.run(g(x))` becomes `async def f(x): return await g(x)`."""
    _, target = require_pipe(analysis, stage)
    if given(target, "executor") is not None:
        raise NotApplicable("it has an executor, which a coroutine cannot have")
    node = operation_node(target)
    function = _function(analysis, target)
    run = _run_of(analysis, function)
    _require_waiting_only(analysis, function, run)
    edits: dict[object, Edits] = {}
    module = function.module
    at = edits[module] = Edits(module)
    awaited = run.args[0]
    if isinstance(function.node, ast.Lambda):
        _replace_lambda(at, function.node, awaited, run)
    else:
        _require_one_use(analysis, function, node)
        at.insert(at.start(function.node), "async ")
        at.replace(at.start(run), at.start(awaited), "(await ")
        at.replace(at.end(awaited), at.end(run), ")")
    return text_files(edits), f"stage {stage} ({place(target)}) is awaited: it waits without a thread"


def _function(analysis, target) -> Function:
    """The function itself, under functools.partial: a partial of a coroutine is awaited as well."""
    values = target.operations
    bound = values[0] if len(values) == 1 and isinstance(values[0], ExternalCall) else None
    if bound is not None and bound.name == "functools.partial" and bound.node.args:
        values = analysis.flow.evaluate(bound.node.args[0], bound.frame)
        if any(isinstance(v, Function) and isinstance(v.node, ast.Lambda) for v in values):
            raise NotApplicable("it is a lambda of which some arguments are bound")
    if len(values) != 1 or not isinstance(values[0], (Function, Method)):
        raise NotApplicable("it is not one function of the project")
    function = values[0].function if isinstance(values[0], Method) else values[0]
    if isinstance(function.node, ast.AsyncFunctionDef):
        raise NotApplicable("it is a coroutine already")
    if getattr(function.node, "decorator_list", None):
        raise NotApplicable("it is decorated")
    return function


def _run_of(analysis, function: Function) -> ast.Call:
    found = [
        n
        for n in own_statements(function.node)
        if isinstance(n, ast.Call)
        and any(
            isinstance(v, External) and v.name == "asyncio.run"
            for v in analysis.flow.evaluate(n.func, analysis.flow.frames.at(function.module, n))
        )
    ]
    if len(found) != 1 or len(found[0].args) != 1 or found[0].keywords:
        raise NotApplicable("it does not run one coroutine to its end by asyncio.run()")
    return found[0]


def _require_waiting_only(analysis, function: Function, run: ast.Call) -> None:
    """What else it does would hold up the pipeline's event loop."""
    coroutine = run.args[0]
    if not isinstance(coroutine, ast.Call):
        raise NotApplicable("what it runs is not a call of a coroutine")
    for node in own_statements(function.node):
        if isinstance(node, _LOOPS) or isinstance(node, (ast.Yield, ast.YieldFrom, ast.With)):
            raise NotApplicable("it does more than to wait")
        if isinstance(node, ast.Call) and node not in (run, coroutine):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if name not in _CHEAP:
                raise NotApplicable(f"it calls {name or 'something'} besides")
    frame = analysis.flow.frames.at(function.module, coroutine)
    called = analysis.flow.evaluate(coroutine.func, frame)
    inner = [v.function if isinstance(v, Method) else v for v in called]
    if not inner or not all(isinstance(v, Function) and isinstance(v.node, ast.AsyncFunctionDef) for v in inner):
        raise NotApplicable("the coroutine that it runs could not be followed")
    for each in inner:
        _require_awaits(analysis, each)


def _require_awaits(analysis, function: Function) -> None:
    name = function.node.name
    for node in own_statements(function.node):
        if isinstance(node, _LOOPS) and not any(isinstance(n, ast.Await) for n in ast.walk(node)):
            raise NotApplicable(f"{name} computes in a loop, which would hold up the others")
        if isinstance(node, ast.Call):
            is_awaited = isinstance(function.module.parents.get(node), ast.Await)
            callee = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if callee in ("run", "run_until_complete", "get_event_loop", "new_event_loop"):
                raise NotApplicable(f"{name} makes an event loop itself")
            if not is_awaited and is_wait(analysis.flow, node, function):
                raise NotApplicable(f"{name} waits without await, which would hold up the others")
    if not any(isinstance(n, (ast.Await, ast.AsyncWith, ast.AsyncFor)) for n in own_statements(function.node)):
        raise NotApplicable(f"{name} awaits nothing")


def _replace_lambda(at: Edits, node: ast.Lambda, awaited: ast.Call, run: ast.Call) -> None:
    names = [a.arg for a in node.args.args]
    is_same = (
        node.body is run
        and len(names) == 1
        and not awaited.keywords
        and len(awaited.args) == 1
        and isinstance(awaited.args[0], ast.Name)
        and awaited.args[0].id == names[0]
    )
    if not is_same:
        raise NotApplicable("its lambda does more than to pass its item on")
    at.replace_node(node, at.module.text_of(awaited.func))


def _require_one_use(analysis, function: Function, node: ast.AST) -> None:
    name = function.node.name
    uses = [
        n
        for module in analysis.project.modules
        for n in ast.walk(module.tree)
        if (isinstance(n, ast.Name) and n.id == name and isinstance(n.ctx, ast.Load))
        or (isinstance(n, ast.Attribute) and n.attr == name)
    ]
    inside = set(map(id, ast.walk(node)))
    if any(id(use) not in inside for use in uses):
        raise NotApplicable(f"{name} is used elsewhere, too")
