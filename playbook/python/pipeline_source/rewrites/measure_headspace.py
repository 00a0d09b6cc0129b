"""Headspace: the loop gets batches that SPDL's CacheDataLoader serves from memory, as many as before.

The cache goes inside the timing, so that what is measured is the loop without data loading.
"""

from __future__ import annotations

import ast
import re

from ..sources.syntax import own_statements
from ..values.values import ExternalCall, Function, Generator, is_number
from .edits import Edits, RewriteRefused
from .instrument import INLINED, edits_of, phase_option, require_loop, wrap_in


def headspace(analysis, steps: int | None = None) -> tuple[dict[str, str], str]:
    loop = require_loop(analysis)
    if any("_autoresearch_cached(" in m.text or "CacheDataLoader(" in m.text for m in analysis.project.modules):
        raise RewriteRefused("the loop's batches come from a cache already")
    limit = steps or (steps_taken(analysis, loop) if loop.kind != "window" else None)
    hint = f", limit={limit}" if limit else ""
    if any(p.kind.startswith("subprocess") for p in loop.pipelines) or not loop.pipelines:
        # Such a pipeline is built elsewhere: what is built here says nothing about its length.
        hint += ", counted=False"
    if ends_by_itself(analysis, loop):
        hint += ", unbounded=True"
    elif loop.kind == "next" and not _expects_the_end(analysis, loop):
        hint += ", endless=True"
    edits: dict[object, Edits] = {}
    if loop.kind == "get_item":
        call = loop.iterable
        getter = call.args[0] if _is_timed_call(call) else call.func
        wrap_in(edits_of(edits, loop.module), getter, "_autoresearch_cached_call(", f"{hint})")
    else:
        for maker, frame in loop.sources:
            inner = analysis.iterables.innermost(maker, frame)
            options = hint + phase_option(analysis, inner, frame)
            wrap_in(edits_of(edits, frame.module), inner, "_autoresearch_cached(", f"{options})")
    block = (INLINED / "headspace.py").read_text("utf-8")
    for at in edits.values():
        at.insert_block(block)
    said = f"batches of the loop at {loop.at.module.path}:{loop.node.lineno} come from CacheDataLoader"
    return {m.path: at.result() for m, at in edits.items()}, said


def _expects_the_end(analysis, loop) -> bool:
    """next(it, default), or next(it) where StopIteration is caught; else the loop relies on there being more."""
    call = loop.module.parents[loop.iterable]
    if isinstance(call, ast.Call) and len(call.args) > 1:
        return True
    return _is_caught(analysis.flow, loop.module, loop.iterable, ())


def _is_caught(flow, module, node: ast.AST, seen: tuple[int, ...]) -> bool:
    """Around the expression, or around the calls that lead to it."""
    child = node
    for parent in module.ancestors(node):
        if isinstance(parent, (ast.FunctionDef, ast.AsyncFunctionDef)):
            if id(parent) in seen or len(seen) > 8:
                return False
            callers = flow.callers.of(Function(parent, module, flow.frames.at(module, parent)))
            return any(_is_caught(flow, f.module, call, (*seen, id(parent))) for call, f, _ in callers)
        if isinstance(parent, ast.Try) and child in parent.body and any(_catches_stop(h) for h in parent.handlers):
            return True
        child = parent
    return False


def _catches_stop(handler: ast.ExceptHandler) -> bool:
    return handler.type is None or any(
        isinstance(n, ast.Name) and n.id in ("StopIteration", "Exception", "BaseException")
        for n in ast.walk(handler.type)
    )


_CLOCK = re.compile(r"\b(time|clock|monotonic|perf_counter|datetime|elapsed\w*|duration\w*|deadline\w*|\w*_seconds|now)\b")


def ends_by_itself(analysis, loop) -> bool:
    """The data has no end, or the loop looks at a clock: counting batches ahead would never end, or eat the loop's
    time.
    """
    return _looks_at_a_clock(loop) or any(_has_no_end(analysis, f) for f in analysis.found if f.pipeline in loop.pipelines)


def _looks_at_a_clock(loop) -> bool:
    module = loop.at.module
    tests = [loop.node.test] if isinstance(loop.node, ast.While) else []
    for inner in ast.walk(loop.node):
        if isinstance(inner, ast.If) and any(isinstance(s, (ast.Break, ast.Return)) for s in inner.body):
            tests.append(inner.test)
    names = {n.id for t in tests for n in ast.walk(t) if isinstance(n, ast.Name)}
    texts = [module.text_of(t) for t in tests]
    for statement in ast.walk(loop.node):
        if isinstance(statement, ast.Assign) and any(isinstance(t, ast.Name) and t.id in names for t in statement.targets):
            texts.append(module.text_of(statement.value))
    return any(_CLOCK.search(text) for text in texts)


def _has_no_end(analysis, found) -> bool:
    """The source is a generator without a way out, or itertools.count, cycle, repeat."""
    source = next((s for s in found.stages if s.kind == "source" and s.step is not None), None)
    node = source.step.argument(0, "source") if source is not None else None
    for value in analysis.flow.evaluate(node, source.step.frame) if node is not None else []:
        if isinstance(value, ExternalCall) and value.name in ("itertools.count", "itertools.cycle"):
            return True
        if isinstance(value, Generator) and any(_is_endless(s) for s in own_statements(value.function.node)):
            return True
    return False


def _is_endless(statement: ast.AST) -> bool:
    if not isinstance(statement, ast.While) or not isinstance(statement.test, ast.Constant) or not statement.test.value:
        return False
    return not any(isinstance(n, (ast.Break, ast.Return, ast.Raise)) for n in ast.walk(statement))


def _is_timed_call(call: ast.Call) -> bool:
    return isinstance(call.func, ast.Name) and call.func.id == "_autoresearch_timed_call"


def steps_taken(analysis, loop) -> int | None:
    """The most steps that the loop itself takes in an epoch, where it says so."""
    flow = analysis.flow
    found: list[int] = []
    node = loop.node
    if not _takes_an_epoch(loop):
        return None
    if isinstance(node, ast.While):
        found += _bounds(flow, node.test, loop.at)
    if isinstance(node, ast.For):
        found += _lengths(flow, node.iter, loop.at)
    if isinstance(node, (ast.For, ast.While)):
        for inner in ast.walk(node):
            if isinstance(inner, ast.If) and any(isinstance(s, (ast.Break, ast.Return)) for s in inner.body):
                found += _bounds(flow, inner.test, loop.at)
    return min(found) if found else None


def _takes_an_epoch(loop) -> bool:
    """Not one that takes some batches of an iterator, and is come to again for more of the same one."""
    if loop.kind != "next":
        return True
    module, scope = loop.at.module, loop.at.module.scope_at(loop.node)
    around = [a for a in module.ancestors(loop.node) if isinstance(a, (ast.For, ast.AsyncFor, ast.While))]
    for maker, frame in loop.makers:
        inside = list(frame.module.ancestors(maker))
        if frame.module is not module or module.scope_at(maker) is not scope or any(a not in inside for a in around):
            return False
    return True


def _bounds(flow, test: ast.AST, frame) -> list[int]:
    """Numbers that a counter is compared with: `step >= n` ends a loop, `step < n` keeps it going."""
    if isinstance(test, ast.BoolOp):
        return [n for part in test.values for n in _bounds(flow, part, frame)]
    if (
        isinstance(test, ast.Compare)
        and len(test.ops) == 1
        and isinstance(test.ops[0], (ast.GtE, ast.Gt, ast.Eq, ast.Lt, ast.LtE))
    ):
        left, right = flow.evaluate(test.left, frame), flow.number(test.comparators[0], frame)
        counter = any(isinstance(n, ast.Name) for n in ast.walk(test.left))
        if counter and isinstance(right, int) and is_number(right) and right > 0 and not _is_fixed(left):
            return [right + 1]
    return []


def _is_fixed(values) -> bool:
    """A comparison of a setting, not of a counter."""
    from ..values.values import Flag, Leaf

    return any(isinstance(v, (Flag, Leaf)) for v in values)


def _lengths(flow, node: ast.AST, frame) -> list[int]:
    """islice(loader, n), zip(range(n), loader), range(n)."""
    found: list[int] = []
    while isinstance(node, ast.Call):
        name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
        if name == "islice" and len(node.args) == 2:
            value = flow.number(node.args[1], frame)
            found += [value] if isinstance(value, int) and value > 0 else []
        if name == "range" and node.args:
            value = flow.number(node.args[-1 if len(node.args) == 1 else 1], frame)
            found += [value] if isinstance(value, int) and value > 0 else []
        if name == "zip":
            for arg in node.args:
                found += _lengths(flow, arg, frame)
            return found
        node = node.args[0] if node.args else None
    return found
