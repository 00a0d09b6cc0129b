"""The loops of a project over the output of an SPDL pipeline, each with how to take hold of it, the likeliest first."""

from __future__ import annotations

import ast
from dataclasses import dataclass

from ..flow.dataflow import Flow
from ..sources.syntax import is_inserted, simple_name
from ..values.values import Attribute, External, ExternalCall, Frame, Pipeline, Unknown
from .iterables import Iterables
from .loop import Loop
from .loop_choice import LoopChoice
from .phases import Phases
from .places import Places
from .streams import Streams
from .windows import Windows

_CONSUMING_CALLS = {"fit", "train", "train_loop", "run", "train_epoch", "train_one_epoch"}


@dataclass(eq=False)
class LoopFinder:
    """Knows the forms that a loop has: `for`, `next()`, a window of batches, a call of a library."""

    _flow: Flow
    _streams: Streams
    _iterables: Iterables
    _places: Places
    _windows: Windows
    _phases: Phases
    _choice: LoopChoice

    def find(self) -> list[Loop]:
        """Candidates, the likeliest first."""
        loops: list[Loop] = []
        for module in self._flow.project.modules:
            for node in ast.walk(module.tree):
                if isinstance(node, (ast.For, ast.AsyncFor)):
                    loops += self._for_loop(module, node)
                elif isinstance(node, ast.Call):
                    loops += self._call(module, node)
        for order, loop in enumerate(loops):
            if loop.kind in ("for", "next", "argument"):
                self._keep_to_training(loop)
            loop.score = self._choice.score(loop) - order * 1e-3
        loops.sort(key=lambda loop: -loop.score)
        return loops

    def _for_loop(self, module, node: ast.For) -> list[Loop]:
        frame = self._flow.frames.at(module, node)
        if is_inserted(module, node):
            return []
        gathered = self._windows.gathered(node.iter, frame)
        if gathered is not None:
            return self._windows.loop_of_gathered(node, *gathered)
        yielded = self._windows.windows_yielded(self._iterables.innermost(node.iter, frame), frame)
        if yielded is not None:
            return self._windows.loop_of_yielded(node, frame, *yielded)
        pipelines = self._streams.of(node.iter, frame)
        if not pipelines:
            return []
        iterable = self._iterables.innermost(node.iter, frame)
        return [Loop("for", node, iterable, frame, self._streams.of(iterable, frame) or pipelines, [])]

    def _keep_to_training(self, loop: Loop) -> None:
        """Where evaluation is fed through the same loop: hold of what only training is fed from."""
        found: list[tuple[ast.AST, Frame]] = []
        mixed = False
        for node, bound in loop.sources:
            # With any caller: another instance of the same class may serve evaluation.
            frame = self._flow.frames.at(bound.module, node) if loop.makers else bound
            parts, evaluates = self._phases.training_parts(node, frame)
            mixed = mixed or evaluates
            found += [p for p in parts if all(p[0] is not known for known, _ in found)]
        if mixed and found:
            loop.makers = [(self._iterables.innermost(node, frame), frame) for node, frame in found]
            pipelines: list[Pipeline] = []
            for node, frame in found:
                pipelines += [p for p in self._streams.of(node, frame) if p not in pipelines]
            loop.pipelines = pipelines or loop.pipelines
        loop.evaluates = mixed and not found

    def _call(self, module, node: ast.Call) -> list[Loop]:
        if is_inserted(module, node):
            return []
        name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
        frame = self._flow.frames.at(module, node)
        if name == "next" and isinstance(node.func, ast.Name) and node.args:
            return self._next(module, node, node.args[0], frame)
        in_thread = {"run_in_executor": 1, "to_thread": 0}.get(name)
        if in_thread is not None and len(node.args) > in_thread + 1 and simple_name(node.args[in_thread]) == "next":
            return self._next(module, node, node.args[in_thread + 1], frame)
        if name == "__next__" and isinstance(node.func, ast.Attribute):
            return self._next(module, node, node.func.value, frame)
        if name == "_autoresearch_timed_call" and node.args and isinstance(node.args[0], ast.Attribute):
            return self._get_item(module, node, node.args[0].value, frame)
        if name == "get_item" and isinstance(node.func, ast.Attribute):
            return self._get_item(module, node, node.func.value, frame)
        if name in _CONSUMING_CALLS:
            return self._consumed(node, frame)
        return []

    def _get_item(self, module, node: ast.Call, holder: ast.AST, frame: Frame) -> list[Loop]:
        pipelines = [v for v in self._flow.evaluate(holder, frame) if isinstance(v, Pipeline)]
        places = self._places.loops_around(module, node) if pipelines else []
        return [Loop("get_item", place, node, frame, pipelines, [], place=at) for place, at in places]

    def _next(self, module, node: ast.Call, iterator: ast.AST, frame: Frame) -> list[Loop]:
        pipelines = self._streams.of(iterator, frame)
        makers = self._iterables.makers(iterator, frame) if pipelines else []
        if not makers:
            return []
        for parent in module.ancestors(node):
            if isinstance(parent, (ast.ListComp, ast.GeneratorExp)):
                holder = module.parents[parent]
                is_call = isinstance(holder, ast.Call) and holder.args[:1] == [parent]
                windows = self._windows.loop_of_gathered(parent, holder if is_call else parent, frame)
                if windows:
                    return windows
            elif isinstance(parent, (ast.stmt, ast.Lambda)):
                break
        return [Loop("next", at[0], iterator, frame, pipelines, makers, place=at[1]) for at in self._places.loops_around(module, node)]

    def _consumed(self, node: ast.Call, frame: Frame) -> list[Loop]:
        """trainer.fit(model, loader) of a library: the loop itself is not in the project."""
        callees = self._flow.evaluate(node.func, frame)
        if not any(isinstance(c, (Attribute, Unknown, External, ExternalCall)) for c in callees):
            return []
        found: list[Loop] = []
        for arg in [*node.args, *[k.value for k in node.keywords]]:
            pipelines = self._streams.of(arg, frame) if not isinstance(arg, ast.Starred) else []
            if pipelines:
                found.append(Loop("argument", node, arg, frame, pipelines, []))
        # fit(model, train_loader, val_loader): what it is called tells them apart, else their order.
        return [l for l in found if not self._phases.is_for_evaluation(l.iterable, frame)][:1] or found[:1]
