"""Splitting a stage that first waits (reads, sleeps, asks a server) and then computes into two stages.

Sound only for a function whose statements can be cut in two: what the second half needs is passed on as a tuple.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass

from .edits import Edits, RewriteRefused
from .waiting import wait_in
from .dataflow import own_statements
from .stages import Stage
from .values import Computed, Function, Literal, Method, Value, is_number

_CUTS_FLOW = (ast.Yield, ast.YieldFrom, ast.Await, ast.Global, ast.Nonlocal)


class NotSplittable(Exception):
    """Why a stage stays whole, in words."""


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
    if {"executor", "name"} & {k.arg for k in step.call.keywords} or step.has_spread or len(step.call.args) != 1:
        raise NotSplittable("its call has an executor, a name or spread arguments")
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
        if hoisted is None:
            raise NotSplittable("it computes nothing after it has waited")
        cut -= 1
    _check_prefix(analysis.flow, function, body[: cut + 1])
    if hoisted is None and body[cut + 1].lineno <= body[cut].end_lineno:
        raise NotSplittable("two of its statements share a line")
    return Plan(function, is_method, name_node, body, cut, _live(function, is_method, body, cut), hoisted)


def _is_listed(step) -> bool:
    return isinstance(step.frame.module.parents.get(step.call), (ast.List, ast.Tuple))


def _function_of(analysis, stage: Stage) -> tuple[Function, bool, ast.AST]:
    operation = stage.step.argument(0, "op")
    values = stage.operations
    name_node = operation
    if isinstance(operation, ast.Call) and operation.args and getattr(values[0] if values else None, "name", "") == "functools.partial":
        if len(operation.args) > 1:
            raise NotSplittable("its first argument is bound by functools.partial")
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
    if name_node is not operation and isinstance(value, Method):
        raise NotSplittable("it is a method bound by functools.partial")
    return function, isinstance(value, Method), name_node


def _plain(value: Value) -> Function | None:
    if isinstance(value, Method):
        return value.function
    return value if isinstance(value, Function) else None


def _computes(statements: list[ast.stmt]) -> bool:
    return any(isinstance(n, (ast.Call, ast.For, ast.While, ast.BinOp, ast.ListComp)) for s in statements for n in ast.walk(s))


def _check_prefix(flow, function: Function, statements: list[ast.stmt]) -> None:
    for statement in statements:
        for node in ast.walk(statement):
            if isinstance(node, ast.Return) and not (node.value is None or isinstance(node.value, ast.Constant) and node.value.value is None):
                raise NotSplittable("it may return before it has waited")
            if isinstance(node, (ast.For, ast.While, ast.ListComp, ast.DictComp, ast.SetComp)) and not wait_in(flow, node, function):
                raise NotSplittable("it computes before it waits")
            if isinstance(node, (ast.FunctionDef, ast.ClassDef, ast.Lambda)):
                raise NotSplittable("it defines a function before it has waited")


def _live(function: Function, is_method: bool, body: list[ast.stmt], cut: int) -> list[str]:
    """Names that the second half reads and the first half has bound."""
    arguments = [*function.node.args.posonlyargs, *function.node.args.args, *function.node.args.kwonlyargs]
    parameters = [a.arg for a in arguments][1 if is_method else 0 :]
    definite = {*parameters, *_definitely_bound(body[: cut + 1])}
    bound = {n.id for s in body[: cut + 1] for n in ast.walk(s) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
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
            found |= {n.id for t in targets for n in ast.walk(t) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
        elif isinstance(statement, ast.With):
            found |= {n.id for i in statement.items if i.optional_vars for n in ast.walk(i.optional_vars) if isinstance(n, ast.Name)}
            found |= _definitely_bound(statement.body)
        elif isinstance(statement, ast.Try) and all(isinstance(h.body[-1], (ast.Return, ast.Raise)) for h in statement.handlers):
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
        elif isinstance(at, (ast.Attribute, ast.Subscript)) or isinstance(at, ast.Call) and isinstance(at.func, ast.Attribute):
            at = at.func.value if isinstance(at, ast.Call) else at.value
            depth += 1
        else:
            return None
    others = [n for n in ast.walk(statement) if n is not node]
    outside = {id(n) for n in ast.walk(node)}
    if depth == 0 or any(wait_in(flow, n, function) for n in others if id(n) not in outside and isinstance(n, ast.Call) and not _holds(n, node)):
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
    from .waiting import is_wait

    if not is_wait(flow, call, function):
        return False
    # open(p) alone is not the read: what is read from it must be part of what moves.
    name = call.func.id if isinstance(call.func, ast.Name) else getattr(call.func, "attr", "")
    return name != "open"


# -- the rewrite ----------------------------------------------------------------------------------------------------


def split_stage(analysis, name: str) -> tuple[dict[str, str], str]:
    candidates = [(f, s) for f in analysis.found for s in f.stages if s.name == name and s.kind == "pipe"]
    if not candidates:
        known = ", ".join(s.name for f in analysis.found for s in f.stages if s.kind == "pipe") or "none"
        raise RewriteRefused(f"there is no stage {name!r}; known: {known}")
    found, stage = candidates[0]
    try:
        plan = plan_split(analysis, found, stage)
    except NotSplittable as reason:
        raise RewriteRefused(f"stage {name} cannot be split: {reason}") from None
    step = stage.step
    read, compute = _free_name(plan, f"{name}_read"), _free_name(plan, f"{name}_compute")
    edits: dict[object, Edits] = {}
    home = edits.setdefault(plan.function.module, Edits(plan.function.module))
    _add_halves(plan, home, read, compute)
    at = edits.get(step.frame.module) or edits.setdefault(step.frame.module, Edits(step.frame.module))
    concurrency = _concurrency(analysis, step)
    _replace_call(plan, step, at, read, compute, concurrency)
    if isinstance(plan.name_node, ast.Name) and step.frame.module is not plan.function.module:
        _extend_import(plan, step, at, read, compute)
    _more_threads(analysis, found, edits, concurrency)
    said = f"stage {name} is split into {read} (concurrency {concurrency}) and {compute}"
    return {m.path: e.result() for m, e in edits.items()}, said


def _free_name(plan: Plan, name: str) -> str:
    if name in plan.function.module.text:
        raise RewriteRefused(f"{plan.function.module.path} has a name {name} already")
    return name


def _concurrency(analysis, step) -> int:
    """A thread that waits costs nothing, so the reading half gets many."""
    node = step.argument(99, "concurrency")
    value = analysis.flow.number(node, step.frame) if node is not None else 1
    return max(8, 4 * int(value)) if is_number(value) else 8


def _add_halves(plan: Plan, at: Edits, read: str, compute: str) -> None:
    module, node = plan.function.module, plan.function.node
    newline = "\r\n" if "\r\n" in module.text else "\n"
    pad = _indent(module, node)
    inner = _indent(module, plan.body[0])
    owner = f"{node.args.args[0].arg}, " if plan.is_method else ""
    passed = [*plan.live, *(["_waited_for"] if plan.hoisted is not None else [])]
    packed = f"({', '.join(passed)},)" if len(passed) == 1 else f"({', '.join(passed)})"
    first_half = _lines(module, plan.body[0].lineno, plan.body[plan.cut].end_lineno) if plan.cut >= 0 else []
    last = [] if plan.hoisted is None else [f"{inner}_waited_for = ({module.text_of(plan.hoisted)})"]
    lines = [
        f"{pad}def {read}({ast.unparse(node.args)}):",
        *first_half,
        *last,
        f"{inner}return {packed}",
        *([] if plan.is_method else [""]),
        "",
        f"{pad}def {compute}({owner}item):",
        *([f"{inner}{packed} = item"] if passed else []),
        *_second_half(plan, module),
    ]
    gap = newline * (2 if plan.is_method else 3)
    at.insert(at.end(node), gap + newline.join(line.rstrip("\r") for line in lines))


def _indent(module, node: ast.AST) -> str:
    """As it stands in the file: spaces or tabs."""
    return module.lines[node.lineno - 1][: node.col_offset].decode("utf-8")


def _lines(module, first: int, last: int) -> list[str]:
    return [line.decode("utf-8") for line in module.lines[first - 1 : last]]


def _second_half(plan: Plan, module) -> list[str]:
    if plan.hoisted is None:
        return _lines(module, plan.body[plan.cut].end_lineno + 1, plan.function.node.end_lineno)
    edits = Edits(module)
    edits.replace_node(plan.hoisted, "_waited_for")
    statement = plan.body[plan.cut + 1]
    data = edits.splice(edits.offset(statement.lineno, 0), edits.end(plan.function.node))
    return data.split("\n")


def _replace_call(plan: Plan, step, at: Edits, read: str, compute: str, concurrency: int) -> None:
    module, call = step.frame.module, step.call
    prefix = "" if isinstance(plan.name_node, ast.Name) else f"{module.text_of(plan.name_node.value)}."
    kept = [f"{k.arg}={module.text_of(k.value)}" for k in call.keywords]
    second = f"({', '.join([prefix + compute, *kept])})"
    at.replace_node(plan.name_node, prefix + read)
    given = next((k for k in call.keywords if k.arg == "concurrency"), None)
    if given is not None:
        at.replace_node(given.value, str(concurrency))
    else:
        at.add_keyword(call, "concurrency", str(concurrency))
    is_method_call = isinstance(call.func, ast.Attribute) and call.func.attr == "pipe"
    at.insert(at.end(call), f".pipe{second}" if is_method_call else f", {module.text_of(call.func)}{second}")


def _extend_import(plan: Plan, step, at: Edits, read: str, compute: str) -> None:
    module = step.frame.module
    binding = next((b for b in module.scope.bindings.get(plan.name_node.id, []) if b.kind == "import"), None)
    if binding is None or not isinstance(binding.node, ast.ImportFrom):
        raise RewriteRefused(f"{plan.name_node.id} is not imported by `from … import` at the top of {module.path}")
    node = binding.node
    newline = "\r\n" if "\r\n" in module.text else "\n"
    pad = " " * node.col_offset
    source = "." * node.level + (node.module or "")
    at.insert(at.end(node), f"{newline}{pad}from {source} import {read}, {compute}")


def _more_threads(analysis, found, edits: dict, more: int) -> None:
    """Both halves run in the pipeline's own threads, so there must be enough for the new ones."""
    pipeline = found.pipeline
    node = next((k.value for k in pipeline.call.keywords if k.arg == "num_threads"), None)
    if node is None:
        raise RewriteRefused("the call that builds the pipeline does not say num_threads")
    module = pipeline.frame.module
    at = edits.get(module) or edits.setdefault(module, Edits(module))
    for value in analysis.flow.evaluate(node, pipeline.frame):
        if isinstance(value, (Literal, Computed)) and value.node is node and is_number(value.value):
            at.replace_node(node, str(int(value.value) + more))
            return
    at.wrap(node, "(", f") + {more}")

