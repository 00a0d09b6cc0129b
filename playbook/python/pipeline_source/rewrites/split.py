"""Splits a stage in two at the place that split_plan found: two functions, two calls, threads for both.

An executor of the stage's own is left to the second half where it only gives threads, and the first half then runs in
the pipeline's; otherwise both halves run in the same object.
"""

from __future__ import annotations

import ast

from ..stages.split_plan import NotSplittable, Plan, plan_split, stage_name
from ..values.values import (
    InCode,
    is_number,
)
from .edits import Edits, RewriteRefused


def split_stage(analysis, stage: str, workers: int | None = None) -> tuple[dict[str, str], str]:
    candidates = [(f, s) for f in analysis.found for s in f.stages if s.name == stage and s.kind == "pipe"]
    if not candidates:
        known = ", ".join(s.name for f in analysis.found for s in f.stages if s.kind == "pipe") or "none"
        raise RewriteRefused(f"there is no stage {stage!r}; known: {known}")
    found, target = candidates[0]
    try:
        plan = plan_split(analysis, found, target)
    except NotSplittable as reason:
        raise RewriteRefused(f"stage {stage} cannot be split: {reason}") from None
    step = target.step
    name = plan.function.node.name
    read, compute = _free_name(plan, f"{name}_read"), _free_name(plan, f"{name}_compute")
    edits: dict[object, Edits] = {}
    home = edits.setdefault(plan.function.module, Edits(plan.function.module))
    _add_halves(plan, home, read, compute)
    at = edits.get(step.frame.module) or edits.setdefault(step.frame.module, Edits(step.frame.module))
    concurrency = workers or _concurrency(analysis, step, plan)
    _replace_call(analysis, plan, step, at, read, compute, concurrency)
    if isinstance(plan.name_node, ast.Name) and step.frame.module is not plan.function.module:
        _extend_import(plan, step, at, read, compute)
    if plan.executor is None or plan.executor.needs_threads:
        _more_threads(analysis, found, edits, concurrency)
    said = f"stage {stage} is split into {read} (concurrency {concurrency}) and {compute}"
    return {m.path: e.result() for m, e in edits.items()}, said


def _free_name(plan: Plan, name: str) -> str:
    if name in plan.function.module.text:
        raise RewriteRefused(f"{plan.function.module.path} has a name {name} already")
    return name


def _concurrency(analysis, step, plan: Plan) -> int:
    """A thread that waits costs nothing, so the reading half gets many, unless its tasks hold each other up."""
    node = step.argument(99, "concurrency")
    value = analysis.flow.number(node, step.frame) if node is not None else 1
    tasks = max(1, int(value)) if is_number(value) else None
    executor = plan.executor
    if tasks is not None and executor is not None and executor.threads is not None:
        tasks = min(tasks, executor.threads)
    # Threads that both halves share do not become more.
    if plan.is_contended or executor is not None and not executor.needs_threads:
        return tasks or 1
    return max(8, 4 * tasks) if tasks is not None else 8


def _add_halves(plan: Plan, at: Edits, read: str, compute: str) -> None:
    module, node = plan.function.module, plan.function.node
    newline = module.source.newline
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


def _replace_call(analysis, plan: Plan, step, at: Edits, read: str, compute: str, concurrency: int) -> None:
    module, call = step.frame.module, step.call
    prefix = "" if isinstance(plan.name_node, ast.Name) else f"{module.text_of(plan.name_node.value)}."
    kept = [f"{k.arg}={module.text_of(k.value)}" for k in call.keywords if k.arg not in ("name", "executor")]
    if plan.executor is not None:
        kept.append(f"executor={_executor(plan, step, at)}")
    named = step.argument(99, "name")
    if named is not None and (name := stage_name(analysis.flow, step)):
        at.replace_node(named, repr(f"{name}_read"))
        kept.append(f"name={f'{name}_compute'!r}")
    second = f"({', '.join([prefix + compute, *kept])})"
    at.replace_node(plan.name_node, prefix + read)
    given = next((k for k in call.keywords if k.arg == "concurrency"), None)
    if given is not None:
        at.replace_node(given.value, str(concurrency))
    else:
        at.add_keyword(call, "concurrency", str(concurrency))
    is_method_call = isinstance(call.func, ast.Attribute) and call.func.attr == "pipe"
    at.insert(at.end(call), f".pipe{second}" if is_method_call else f", {module.text_of(call.func)}{second}")


def _executor(plan: Plan, step, at: Edits) -> str:
    """Leaves the first half what it needs, and says what the second half is given."""
    module, node = step.frame.module, plan.executor.node
    text = module.text_of(node)
    if not plan.executor.is_shared:
        at.remove_keyword(step.call, "executor")
        return text
    if _is_dotted_name(node):
        return text
    if isinstance(node, ast.NamedExpr):
        return node.target.id
    name = f"{plan.function.node.name}_executor"
    if name in module.text:
        raise RewriteRefused(f"{module.path} has a name {name} already")
    at.wrap(node, f"({name} := ", ")")
    return name


def _is_dotted_name(node: ast.AST) -> bool:
    while isinstance(node, ast.Attribute):
        node = node.value
    return isinstance(node, ast.Name)


def _extend_import(plan: Plan, step, at: Edits, read: str, compute: str) -> None:
    module = step.frame.module
    binding = next((b for b in module.scope.bindings.get(plan.name_node.id, []) if b.kind == "import"), None)
    if binding is None or not isinstance(binding.node, ast.ImportFrom):
        raise RewriteRefused(f"{plan.name_node.id} is not imported by `from … import` at the top of {module.path}")
    node = binding.node
    newline = module.source.newline
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
        if isinstance(value, InCode) and value.node is node and is_number(value.value):
            at.replace_node(node, str(int(value.value) + more))
            return
    at.wrap(node, "(", f") + {more}")
