"""What becomes of the executor of a stage's own when the stage is cut in two."""

from __future__ import annotations

import ast
from dataclasses import dataclass

from ..values.values import Concrete, ExternalCall, is_number
from .step import Step

_THREADS = ("concurrent.futures.ThreadPoolExecutor", "concurrent.futures.thread.ThreadPoolExecutor")
_SHARED_BY_PRIORITY = "PriorityThreadPoolExecutor"
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


class NotSplittable(Exception):
    """Why a stage stays whole, in words."""


@dataclass(eq=False)
class SplitExecutor:
    """`is_shared`: both halves are given the same object; else the second half keeps it, and the first needs none."""

    node: ast.AST
    is_shared: bool
    # Threads that it has, where the code tells.
    threads: int | None = None
    # It is no object at all in this job: the stage runs in the pipeline's threads.
    is_none: bool = False

    @property
    def needs_threads(self) -> bool:
        """Whether a half runs in the pipeline's threads."""
        return self.is_none or not self.is_shared


def executor_of(flow, step: Step) -> SplitExecutor | None:
    """None where the call says nothing of one."""
    node = step.argument(99, "executor")
    if node is None or isinstance(node, ast.Constant) and node.value is None:
        return None
    values = flow.evaluate(node, step.frame)
    if values and all(isinstance(v, Concrete) and v.value is None for v in values):
        return SplitExecutor(node, is_shared=True, is_none=True)
    pools = [_pool(flow, value) for value in values]
    if not pools or None in pools:
        raise NotSplittable("its executor is not known to be one of threads, to which any object can be passed")
    if any(isinstance(a, _COMPREHENSIONS) for a in step.frame.module.ancestors(step.call)):
        raise NotSplittable("its executor is made in a comprehension")
    pool = pools[0] if len(pools) == 1 else None
    threads = _threads(flow, pool) if isinstance(pool, ExternalCall) else None
    # One thread, or threads that are prepared, may be what the function relies on; so may whoever else has the pool.
    is_own = isinstance(pool, ExternalCall) and pool.node is node and not pool.node.args[1:]
    is_plain = is_own and all(k.arg in ("max_workers", "thread_name_prefix") for k in pool.node.keywords)
    return SplitExecutor(node, not (is_plain and threads != 1 and (threads is not None or _is_bare(pool))), threads)


def _pool(flow, value) -> ExternalCall | str | None:
    """The call that makes a pool of threads, or the name of another such kind; None where it may be neither."""
    if not isinstance(value, ExternalCall):
        return None
    if value.name in _THREADS:
        return value
    function = value.node.func
    if isinstance(function, ast.Attribute) and function.attr == "get_executor":
        owners = flow.evaluate(function.value, value.frame)
        if owners and all(getattr(o, "name", "").endswith(_SHARED_BY_PRIORITY) for o in owners):
            return _SHARED_BY_PRIORITY
    return None


def _threads(flow, pool: ExternalCall) -> int | None:
    node = Step("executor", pool.node, pool.frame).argument(0, "max_workers")
    value = flow.number(node, pool.frame) if node is not None else None
    return int(value) if is_number(value) else None


def _is_bare(pool: ExternalCall) -> bool:
    """By itself a pool has several threads on any machine."""
    return not pool.node.args and all(k.arg != "max_workers" for k in pool.node.keywords)
