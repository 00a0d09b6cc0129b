"""Which code runs in processes that may have no children: workers of multiprocessing.Pool and daemonic processes."""

from __future__ import annotations

import ast

from ..values.values import ExternalCall, Function, Instance, Method

_GIVEN_A_FUNCTION = {
    "map",
    "map_async",
    "imap",
    "imap_unordered",
    "starmap",
    "starmap_async",
    "apply",
    "apply_async",
}
MAX_FUNCTIONS = 200


def daemon_that_builds(analysis, found) -> str | None:
    """What makes the process that builds a pipeline a daemon, in words; None where nothing does."""
    module = found.pipeline.frame.module
    around = [
        n for n in module.ancestors(found.pipeline.call) if isinstance(n, (ast.FunctionDef, ast.AsyncFunctionDef))
    ]
    if not around:
        return None
    for reason, entry, frame in _entries(analysis):
        for value in analysis.flow.evaluate(entry, frame):
            if around[0] in _reached_from(analysis, value):
                return reason
    return None


def _entries(analysis):
    """(reason, expression of the function, frame) for each function that is started in a daemonic process."""
    flow = analysis.flow
    for module in analysis.project.modules:
        for node in ast.walk(module.tree):
            if not isinstance(node, ast.Call):
                continue
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            keywords = {k.arg: k.value for k in node.keywords}
            frame = flow.frames.at(module, node)
            if name in _GIVEN_A_FUNCTION and isinstance(node.func, ast.Attribute) and node.args:
                if any(_is_pool(v) for v in flow.evaluate(node.func.value, frame)):
                    yield "a worker of multiprocessing.Pool", node.args[0], frame
            elif name == "Pool" and "initializer" in keywords:
                yield "a worker of multiprocessing.Pool", keywords["initializer"], frame
            elif name == "Process" and "target" in keywords and _is_daemon(flow, module, node, keywords, frame):
                yield "a daemonic process", keywords["target"], frame


def _is_pool(value) -> bool:
    if not isinstance(value, ExternalCall):
        return False
    called = value.node.func
    name = called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")
    return value.name.endswith(".Pool") or (value.name == "" and name == "Pool")


def _is_daemon(flow, module, node: ast.Call, keywords: dict, frame) -> bool:
    if "daemon" in keywords:
        return flow.truth(keywords["daemon"], frame) is True
    parent = module.parents.get(node)
    held = (
        {ast.dump(t).replace("Store()", "Load()") for t in parent.targets} if isinstance(parent, ast.Assign) else set()
    )
    return any(
        isinstance(target, ast.Attribute)
        and ast.dump(target.value) in held
        and flow.truth(value, flow.frames.at(store_module, target)) is True
        for store_module, target, value in flow.index.key_stores.get("daemon", [])
    )


def _reached_from(analysis, entry) -> set[ast.AST]:
    """Functions of the project that a function calls, directly or not."""
    flow = analysis.flow
    waiting, reached = [entry], set()
    while waiting and len(reached) < MAX_FUNCTIONS:
        value = waiting.pop()
        if isinstance(value, ExternalCall) and value.name == "functools.partial" and value.node.args:
            waiting += flow.evaluate(value.node.args[0], value.frame)
            continue
        if isinstance(value, Instance):
            value = flow.classes.find_method(value.cls, "__call__")
        function = value.function if isinstance(value, Method) else value
        if not isinstance(function, Function) or function.node in reached:
            continue
        reached.add(function.node)
        for call in ast.walk(function.node):
            if isinstance(call, ast.Call):
                waiting += flow.evaluate(call.func, flow.frames.at(function.module, call))
    return reached
