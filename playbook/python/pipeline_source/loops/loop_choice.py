"""Which of several loops is the one that trains, by what it is called and what it does."""

from __future__ import annotations

import ast
import functools
import re
from dataclasses import dataclass

from ..flow.dataflow import Flow
from ..sources.reached import reached_definitions
from ..sources.syntax import is_inserted, simple_name
from .loop import Loop
from .phases import Phases, reads_like_evaluation
from .streams import Streams

_TRAINS = re.compile(
    r"\b(backward|loss|optimi[sz]er|opt|zero_grad|train\w*|model|forward|fit|grad\w*|update|learn\w*|step|sgd)\b|_step\b|train",
    re.I,
)
_TRAINING_NAMES = re.compile(r"train|fit|epoch|run|main|learn", re.I)
_TRAINING_CALL = re.compile(
    r"(backward|fit|train(ing)?|zero_grad|(training|optimizer)_step"
    r"|(train|fit|learn|optimi[sz]e)_(?!\w*(load|data|iter|set|split|sampl|transform|pipe))\w+)$"
)
_BENCHMARKS = re.compile(r"bench|profile|warm_?up|debug|dry_run", re.I)
# A name that trains, and at least one word in the body that does.
_UNMISTAKABLE = 3
_LOADER_NAMES = re.compile(r"loader|pipeline|batches|data_?iter|stream|dataset", re.I)


@dataclass(eq=False)
class LoopChoice:
    """Scores loops that may be the one, and says what speaks against the best of them."""

    _flow: Flow
    _streams: Streams
    _phases: Phases

    @functools.cached_property
    def _reached(self):
        return reached_definitions(self._flow.project)

    def score(self, loop: Loop) -> float:
        """How much a loop reads like the one that trains: above 0 where more speaks for it than against."""
        module = loop.at.module
        score = 0.0
        body = (
            loop.node.body
            if isinstance(loop.node, (ast.For, ast.AsyncFor, ast.While, ast.FunctionDef))
            else [loop.node]
        )
        text = "\n".join(module.text_of(s) for s in body)
        score += min(5, len(set(m.group().lower() for m in _TRAINS.finditer(text))))
        qualname = module.scope_at(loop.node).qualname
        target = module.text_of(loop.node.target) if isinstance(loop.node, ast.For) else ""
        for name in (qualname.rpartition(".")[2], loop.module.text_of(loop.iterable), target):
            if reads_like_evaluation(name):
                score -= 6
        if loop.evaluates:
            score -= 6
        if _TRAINING_NAMES.search(qualname.rpartition(".")[2] or "main"):
            score += 2
        for parent in module.ancestors(loop.node):
            if isinstance(parent, ast.With) and re.search(
                r"no_grad|inference_mode", " ".join(module.text_of(i.context_expr) for i in parent.items)
            ):
                score -= 4
        passes_on = any(isinstance(n, (ast.Yield, ast.YieldFrom)) for s in body for n in ast.walk(s))
        if loop.kind in ("for", "next", "get_item", "window") and passes_on:
            score -= 8  # passes batches on: the loop that trains is further out
        if loop.kind == "argument":
            score -= 4
        if isinstance(loop.node, ast.For) and _only_passes_on(loop.node):
            score -= 6
        if isinstance(loop.node, (ast.For, ast.AsyncFor)) and _only_drains(loop.node):
            score -= 1  # a warm-up, where another loop does something with the batches
        if not self._is_reached(loop):
            score -= 5
        return score

    def is_evaluation(self, loop: Loop) -> bool:
        name = loop.at.module.scope_at(loop.node).qualname.rpartition(".")[2]
        if _BENCHMARKS.search(name):
            return False  # Where there is no other, the benchmark is the job.
        if loop.evaluates:
            return True
        return reads_like_evaluation(name) or self._phases.is_for_evaluation(loop.iterable, loop.frame)

    def trains_elsewhere(self, loop: Loop) -> bool:
        """Whether the project trains outside of a loop: it takes a backward or optimizer step, or calls what is
        named so.
        """
        inside = set(map(id, ast.walk(loop.node)))
        for module in self._flow.project.modules:
            for node in ast.walk(module.tree):
                if isinstance(node, ast.Call) and id(node) not in inside and not is_inserted(module, node):
                    if _TRAINING_CALL.match(simple_name(node.func) or ""):
                        return True
        return False

    def runs(self, loop: Loop) -> bool:
        """Whether the script may run the function that the loop stands in."""
        reached = self._reached
        if reached is None or loop.at.module is self._flow.project.main:
            return True
        around = [a for a in loop.at.module.ancestors(loop.node) if isinstance(a, (ast.FunctionDef, ast.AsyncFunctionDef))]
        return all(id(a) in reached for a in around)

    def taken_inside(self, loop: Loop) -> ast.Call | None:
        """`next(batches)` in the body of `for batch in batches`: what it takes is no step of the loop."""
        if not isinstance(loop.node, ast.For) or loop.kind != "for":
            return None
        for statement in loop.node.body:
            for node in ast.walk(statement):
                if isinstance(node, ast.Call) and simple_name(node.func) in ("next", "get_item", "__next__"):
                    holder = node.args[0] if isinstance(node.func, ast.Name) and node.args else getattr(node.func, "value", None)
                    taken = self._streams.of(holder, loop.at) if holder is not None else []
                    if any(p is own for p in taken for own in loop.pipelines):
                        return node
        return None

    def _is_reached(self, loop: Loop) -> bool:
        scope = loop.at.module.scope_at(loop.node)
        while scope is not None and not scope.is_function:
            scope = scope.parent
        if scope is None:
            return True
        name = getattr(scope.node, "name", "")
        if name.startswith("__"):
            return True
        return any(
            isinstance(n, (ast.Name, ast.Attribute)) and name == (n.id if isinstance(n, ast.Name) else n.attr)
            for m in self._flow.project.modules
            for n in ast.walk(m.tree)
        )

    def by_name(self) -> Loop | None:
        """When nothing could be followed: a loop that reads like one over a loader, of the script or elsewhere."""
        best = self._best_by_name(self._flow.project.main)
        if best is not None:
            return best
        elsewhere = [loop for m in self._flow.project.modules[1:] if (loop := self._best_by_name(m)) is not None]
        elsewhere = sorted((loop for loop in elsewhere if loop.score >= _UNMISTAKABLE), key=lambda loop: -loop.score)
        is_clear = len(elsewhere) == 1 or len(elsewhere) > 1 and elsewhere[0].score > elsewhere[1].score + 2
        return elsewhere[0] if is_clear else None

    def _best_by_name(self, module) -> Loop | None:
        best: Loop | None = None
        for node in ast.walk(module.tree):
            if isinstance(node, ast.For) and _LOADER_NAMES.search(module.text_of(node.iter)):
                frame = self._flow.frames.at(module, node)
                if (
                    isinstance(node.iter, ast.Call)
                    and isinstance(node.iter.func, ast.Name)
                    and node.iter.func.id == "range"
                ):
                    continue
                iterable = node.iter
                while (
                    isinstance(iterable, ast.Call)
                    and isinstance(iterable.func, (ast.Name, ast.Attribute))
                    and (iterable.func.id if isinstance(iterable.func, ast.Name) else iterable.func.attr)
                    in ("enumerate", "tqdm", "islice", "iter")
                    and iterable.args
                ):
                    iterable = iterable.args[0]
                loop = Loop("for", node, iterable, frame, [], [], followed=False)
                loop.score = self.score(loop)
                if best is None or loop.score > best.score:
                    best = loop
        return best


def _only_passes_on(node: ast.For) -> bool:
    """`for x in it: q.put(x)`: somebody else trains on it."""
    if len(node.body) != 1 or not isinstance(node.body[0], ast.Expr) or not isinstance(node.body[0].value, ast.Call):
        return False
    function = node.body[0].value.func
    return isinstance(function, ast.Attribute) and function.attr in ("put", "append", "put_nowait", "send")


def _only_drains(node: ast.For | ast.AsyncFor) -> bool:
    """Takes batches and does nothing with them: `pass`, `del batch`, and when to end."""

    def is_nothing(statement: ast.stmt) -> bool:
        if isinstance(statement, ast.If):
            return all(is_nothing(s) for s in [*statement.body, *statement.orelse])
        return isinstance(statement, (ast.Pass, ast.Delete, ast.Break, ast.Continue))

    return all(is_nothing(s) for s in node.body)
