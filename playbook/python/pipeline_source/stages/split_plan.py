"""Whether and where a stage that first waits (reads, sleeps, asks a server) and then computes can be cut in two.

Sound only for a function whose statements can be cut in two: what the second half needs is passed on as a tuple.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass

from ..sources.syntax import (
    own_statements,
)
from ..values.values import Function, Method, Value
from .split_executor import NotSplittable, SplitExecutor, executor_of
from .stages import Stage
from .waiting import demuxes_in, is_wait, wait_in

_CUTS_FLOW = (ast.Yield, ast.YieldFrom, ast.Await, ast.Global, ast.Nonlocal)


@dataclass(eq=False)
class Plan:
    function: Function
    is_method: bool
    # The node in the pipe call that names the function.
    name_node: ast.AST
    body: list[ast.stmt]
    # Statements up to here belong to the reading half.
    cut: int
    live: list[str]
    # A wait inside the last statement's expression, which is taken out of it.
    hoisted: ast.expr | None = None
    # The second half waits, too, or the first one demuxes: more of either at a time may be slower.
    is_contended: bool = False
    # Of the stage's own; None where it runs in the pipeline's threads.
    executor: SplitExecutor | None = None


def why_not_split(analysis, found, stage: Stage) -> str | None:
    try:
        plan_split(analysis, found, stage)
    except NotSplittable as reason:
        return str(reason)
    return None


def plan_split(analysis, found, stage: Stage) -> Plan:
    step = stage.step
    if step is None or step.kind != "pipe":
        raise NotSplittable("it is not a pipe stage")
    if step.has_spread or len(step.call.args) != 1:
        raise NotSplittable("its call has spread arguments")
    if not isinstance(stage_name(analysis.flow, step), (str, type(None))):
        raise NotSplittable("the name that its call gives is not known")
    if step.call.func.attr != "pipe" if isinstance(step.call.func, ast.Attribute) else not _is_listed(step):
        raise NotSplittable("it is not an element of a list of stages")
    function, is_method, name_node = _function_of(analysis, stage)
    node = function.node
    if not isinstance(node, ast.FunctionDef) or node.decorator_list:
        raise NotSplittable("it is not a plain function")
    if node.args.vararg or node.args.kwarg or function.module.scope_at(node).is_function:
        raise NotSplittable("it takes *args or **kwargs, or is defined inside a function")
    if any(isinstance(n, _CUTS_FLOW) for n in own_statements(node)):
        raise NotSplittable("it is a generator, a coroutine, or writes outer names")
    body = node.body[1:] if ast.get_docstring(node, clean=False) is not None else node.body
    if not body or body[0].lineno == node.lineno:
        raise NotSplittable("its body is one line")
    waits = [i for i, s in enumerate(body) if wait_in(analysis.flow, s, function)]
    if not waits:
        raise NotSplittable("it does not wait")
    cut = waits[-1]
    hoisted = None
    if not _computes(body[cut + 1 :]):
        hoisted = _hoistable(analysis.flow, body[cut], function)
        if hoisted is not None:
            cut -= 1
        elif len(waits) > 1:
            # It waits for one thing and then for another: each half can have as many tasks as suits it.
            cut = waits[-2]
        else:
            raise NotSplittable("it computes nothing after it has waited")
    _check_prefix(analysis.flow, function, body[: cut + 1])
    if hoisted is None and body[cut + 1].lineno <= body[cut].end_lineno:
        raise NotSplittable("two of its statements share a line")
    is_contended = hoisted is None and cut != waits[-1] or demuxes_in(analysis.flow, body[: cut + 1], function)
    live = _live(function, is_method, body, cut)
    executor = executor_of(analysis.flow, step)
    return Plan(function, is_method, name_node, body, cut, live, hoisted, is_contended, executor)


def stage_name(flow, step):
    """What the call names its stage, or None."""
    node = step.argument(99, "name")
    return flow.number(node, step.frame) if node is not None else None


def _is_listed(step) -> bool:
    return isinstance(step.frame.module.parents.get(step.call), (ast.List, ast.Tuple))


def _function_of(analysis, stage: Stage) -> tuple[Function, bool, ast.AST]:
    operation = stage.step.argument(0, "op")
    values = stage.operations
    name_node = operation
    if (
        isinstance(operation, ast.Call)
        and operation.args
        and getattr(values[0] if values else None, "name", "") == "functools.partial"
    ):
        name_node = operation.args[0]
        values = analysis.flow.evaluate(name_node, stage.step.frame)
    if not isinstance(name_node, (ast.Name, ast.Attribute)):
        raise NotSplittable("its function is not referred to by name")
    functions = {id(_plain(v).node): v for v in values if _plain(v) is not None}
    if len(functions) != 1 or len(functions) != len({id(v) for v in values}):
        raise NotSplittable("its function is not known for certain")
    value: Value = next(iter(functions.values()))
    function = _plain(value)
    if isinstance(name_node, ast.Name) and getattr(function.node, "name", "") != name_node.id:
        raise NotSplittable("its function goes by another name there")
    return function, isinstance(value, Method), name_node


def _plain(value: Value) -> Function | None:
    if isinstance(value, Method):
        return value.function
    return value if isinstance(value, Function) else None


def _computes(statements: list[ast.stmt]) -> bool:
    return any(
        isinstance(n, (ast.Call, ast.For, ast.While, ast.BinOp, ast.ListComp)) for s in statements for n in ast.walk(s)
    )


def _check_prefix(flow, function: Function, statements: list[ast.stmt]) -> None:
    for statement in statements:
        for node in ast.walk(statement):
            if isinstance(node, ast.Return) and not (
                node.value is None or isinstance(node.value, ast.Constant) and node.value.value is None
            ):
                raise NotSplittable("it may return before it has waited")
            if isinstance(node, (ast.For, ast.While, ast.ListComp, ast.DictComp, ast.SetComp)) and not wait_in(
                flow, node, function
            ):
                raise NotSplittable("it computes before it waits")
            if isinstance(node, (ast.FunctionDef, ast.ClassDef, ast.Lambda)):
                raise NotSplittable("it defines a function before it has waited")


def _live(function: Function, is_method: bool, body: list[ast.stmt], cut: int) -> list[str]:
    """Names that the second half reads and the first half has bound."""
    arguments = [*function.node.args.posonlyargs, *function.node.args.args, *function.node.args.kwonlyargs]
    parameters = [a.arg for a in arguments][1 if is_method else 0 :]
    definite = {*parameters, *_definitely_bound(body[: cut + 1])}
    bound = {
        n.id for s in body[: cut + 1] for n in ast.walk(s) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)
    }
    read: list[str] = []
    for statement in body[cut + 1 :]:
        for node in ast.walk(statement):
            if isinstance(node, ast.Name) and node.id in bound | set(parameters) and node.id not in read:
                read.append(node.id)
    missing = [n for n in read if n not in definite]
    if missing:
        raise NotSplittable(f"{missing[0]} may be unbound where the halves meet")
    return read


def _definitely_bound(statements: list[ast.stmt]) -> set[str]:
    found: set[str] = set()
    for statement in statements:
        if isinstance(statement, (ast.Assign, ast.AnnAssign, ast.AugAssign)):
            targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
            found |= {
                n.id for t in targets for n in ast.walk(t) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)
            }
        elif isinstance(statement, ast.With):
            found |= {
                n.id
                for i in statement.items
                if i.optional_vars
                for n in ast.walk(i.optional_vars)
                if isinstance(n, ast.Name)
            }
            found |= _definitely_bound(statement.body)
        elif isinstance(statement, ast.Try) and all(
            isinstance(h.body[-1], (ast.Return, ast.Raise)) for h in statement.handlers
        ):
            found |= _definitely_bound(statement.body) | _definitely_bound(statement.finalbody)
        elif isinstance(statement, (ast.Import, ast.ImportFrom)):
            found |= {a.asname or a.name.split(".")[0] for a in statement.names}
    return found


def _hoistable(flow, statement: ast.stmt, function: Function) -> ast.expr | None:
    """`return decode(open(p).read())`: the read is evaluated first, so it can move out of the expression."""
    if not isinstance(statement, (ast.Return, ast.Assign)) or statement.value is None:
        return None
    node, at = None, statement.value
    depth = 0
    while True:
        if isinstance(at, ast.Call) and _is_read_itself(flow, at, function):
            node = at
            break
        if isinstance(at, ast.Call) and _is_dotted(at.func) and at.args:
            at, depth = at.args[0], depth + 1
        elif (
            isinstance(at, (ast.Attribute, ast.Subscript))
            or isinstance(at, ast.Call)
            and isinstance(at.func, ast.Attribute)
        ):
            at = at.func.value if isinstance(at, ast.Call) else at.value
            depth += 1
        else:
            return None
    others = [n for n in ast.walk(statement) if n is not node]
    outside = {id(n) for n in ast.walk(node)}
    if depth == 0 or any(
        wait_in(flow, n, function)
        for n in others
        if id(n) not in outside and isinstance(n, ast.Call) and not _holds(n, node)
    ):
        return None
    return node


def _holds(outer: ast.AST, inner: ast.AST) -> bool:
    return any(n is inner for n in ast.walk(outer))


def _is_dotted(node: ast.AST) -> bool:
    while isinstance(node, ast.Attribute):
        node = node.value
    return isinstance(node, ast.Name)


def _is_read_itself(flow, call: ast.Call, function: Function) -> bool:
    """The call waits by itself, not only in an argument of its own; reading methods of an opened file count whole."""
    if not is_wait(flow, call, function):
        return False
    # open(p) alone is not the read: what is read from it must be part of what moves.
    name = call.func.id if isinstance(call.func, ast.Name) else getattr(call.func, "attr", "")
    return name != "open"
