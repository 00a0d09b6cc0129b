"""A pipeline from one epoch to the next: whether it is built anew, and whether all in it gives the same again."""

from __future__ import annotations

import ast

from ..values.values import Concrete, ExternalCall, Function, Generator, Instance, SequenceOf
from .operations import NotApplicable
from .repeatable import why_not_iterable_again, why_not_repeatable

_LOOPS = (ast.For, ast.AsyncFor, ast.While)
# What these give can be gone through again, and whether it is the same can be seen when the job runs.
_LISTS = {"builtins.range", "builtins.sorted", "builtins.list", "builtins.tuple", "glob.glob", "os.listdir"}
# The loop tells the source by them what the next epoch is to be: too late for one that has begun already.
_TELLS = ("set_epoch", "shuffle", "seed", "manual_seed")
MAX_DEPTH = 6


def is_come_to_again(analysis, module, node: ast.AST, depth: int = 0, within: ast.AST | None = None) -> bool:
    """Whether code runs several times: it stands in a loop (other than `within`), or its function is called in one."""
    for parent in module.ancestors(node):
        if isinstance(parent, _LOOPS) and parent is not within:
            return True
        if isinstance(parent, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
            if depth >= MAX_DEPTH:
                return False
            function = Function(parent, module, analysis.flow.frames.at(module, parent))
            callers = analysis.flow.callers.of(function)
            return any(is_come_to_again(analysis, f.module, call, depth + 1, within) for call, f, _ in callers)
    return False


def require_same_epochs(analysis, found) -> None:
    """Raises NotApplicable unless all that an epoch is made of stays as it is from one to the next."""
    for name in _TELLS:
        if analysis.flow.index.calls.get(name):
            raise NotApplicable(f"the code calls {name}(), which a pipeline that has begun its next epoch sees too late")
    _require_same_source(analysis, found)
    for stage in found.stages:
        if stage.kind == "pipe":
            if stage.step is None or stage.step.kind != "pipe":
                raise NotApplicable("not all of its stages are made by calls of pipe()")
            reason = why_not_repeatable(analysis, stage)
            if reason:
                raise NotApplicable(f"{stage.name}: {reason}")
        for call in [stage.step.call] if stage.step is not None else []:
            _require_no_count(call)
    _require_no_count(found.pipeline.call)


def _require_no_count(call: ast.Call) -> None:
    for keyword in call.keywords:
        if keyword.arg in ("max_failures", "task_hook_factory", "background_tasks", "initializer", "arena", None):
            raise NotApplicable(f"{keyword.arg or '**options'} of the pipeline is meant for one epoch")


def _require_same_source(analysis, found) -> None:
    sources = [s for s in found.stages if s.kind == "source"]
    if len(sources) != 1 or sources[0].step is None or sources[0].step.kind != "add_source":
        raise NotApplicable("several sources, or none that is known, feed it")
    step = sources[0].step
    node = step.argument(0, "source")
    values = analysis.flow.evaluate(node, step.frame) if node is not None else []
    if not values:
        raise NotApplicable("what it reads from is not known")
    for value in values:
        if isinstance(value, Generator):
            raise NotApplicable("its source is a generator, which gives its items once")
        if isinstance(value, Instance):
            _require_same_object(analysis, value)
        elif isinstance(value, ExternalCall) and value.name in _LISTS:
            continue
        elif not isinstance(value, (SequenceOf, Concrete)):
            raise NotApplicable("what it reads from could not be followed")


def _require_same_object(analysis, value: Instance) -> None:
    name = value.cls.node.name
    if analysis.flow.classes.find_method(value.cls, "__next__") is not None:
        raise NotApplicable(f"its source, a {name}, gives its items once")
    method = analysis.flow.classes.find_method(value.cls, "__iter__")
    if method is None:
        raise NotApplicable(f"how its source, a {name}, is gone through is not known")
    reason = why_not_iterable_again(analysis, method, value)
    if reason:
        raise NotApplicable(f"its source: {reason}")
