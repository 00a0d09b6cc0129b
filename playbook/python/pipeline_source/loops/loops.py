"""The training loop: where the output of an SPDL pipeline is iterated over by code that trains."""

from __future__ import annotations

import ast

from ..sources.syntax import (
    PASS_THROUGH_HELPERS,
    simple_name,
    stores_to,
)
from ..values.values import (
    Attribute,
    Class,
    External,
    ExternalCall,
    Frame,
    Function,
    Generator,
    Instance,
    Pipeline,
    Unknown,
)
from .loop import Loop
from .loop_choice import LoopChoice
from .phases import Phases
from .places import Places
from .streams import Streams
from .windows import Windows

_CONSUMING_CALLS = {"fit", "train", "train_loop", "run", "train_epoch", "train_one_epoch"}


class LoopFinder(LoopChoice, Phases, Places, Streams, Windows):
    def find(self) -> list[Loop]:
        """Candidates, the likeliest first."""
        loops: list[Loop] = []
        for module in self.flow.project.modules:
            for node in ast.walk(module.tree):
                if isinstance(node, (ast.For, ast.AsyncFor)):
                    loops += self._for_loop(module, node)
                elif isinstance(node, ast.Call):
                    loops += self._call(module, node)
        for order, loop in enumerate(loops):
            if loop.kind in ("for", "next", "argument"):
                self._keep_to_training(loop)
            loop.score = self._score(loop) - order * 1e-3
        loops.sort(key=lambda loop: -loop.score)
        return loops

    def _for_loop(self, module, node: ast.For) -> list[Loop]:
        frame = self.flow.frames.at(module, node)
        if self._is_a_helper(module, node):
            return []
        gathered = self.gathered(node.iter, frame)
        if gathered is not None:
            return self.loop_of_gathered(node, *gathered)
        yielded = self.windows_yielded(self.innermost(node.iter, frame), frame)
        if yielded is not None:
            return self.loop_of_yielded(node, frame, *yielded)
        pipelines = self.streams(node.iter, frame)
        if not pipelines:
            return []
        iterable = self.innermost(node.iter, frame)
        return [Loop("for", node, iterable, frame, self.streams(iterable, frame) or pipelines, [])]

    def _keep_to_training(self, loop: Loop) -> None:
        """Where evaluation is fed through the same loop: hold of what only training is fed from."""
        found: list[tuple[ast.AST, Frame]] = []
        mixed = False
        for node, bound in loop.sources:
            # With any caller: another instance of the same class may serve evaluation.
            frame = self.flow.frames.at(bound.module, node) if loop.makers else bound
            parts, evaluates = self.training_parts(node, frame)
            mixed = mixed or evaluates
            found += [p for p in parts if all(p[0] is not known for known, _ in found)]
        if mixed and found:
            loop.makers = [(self.innermost(node, frame), frame) for node, frame in found]
            pipelines: list[Pipeline] = []
            for node, frame in found:
                pipelines += [p for p in self.streams(node, frame) if p not in pipelines]
            loop.pipelines = pipelines or loop.pipelines
        loop.evaluates = mixed and not found

    @staticmethod
    def _is_a_helper(module, node: ast.AST) -> bool:
        """Inside what a rewrite of ours put in."""
        return any(
            isinstance(a, (ast.FunctionDef, ast.ClassDef)) and a.name.lower().startswith("_autoresearch")
            for a in module.ancestors(node)
        )

    def innermost(self, node: ast.AST, frame: Frame) -> ast.AST:
        """Under enumerate(), tqdm(), islice() and the like: the expression that yields the batches themselves."""
        while isinstance(node, ast.Call):
            if isinstance(node.func, ast.Name) and node.func.id in PASS_THROUGH_HELPERS and node.args:
                node = node.args[0]
                continue
            values = self.flow.evaluate(node, frame)
            if any(isinstance(v, (Pipeline, Instance, Generator)) for v in values) and not self._is_iter(node):
                return node
            callees = self.flow.evaluate(node.func, frame)
            if (
                any(isinstance(c, (Function, Class)) for c in callees)
                or isinstance(node.func, ast.Attribute)
                and any(isinstance(c, Attribute) for c in callees)
            ):
                return node
            inner = next((a for a in node.args if not isinstance(a, ast.Starred) and self.streams(a, frame)), None)
            if inner is None:
                inner = next((k.value for k in node.keywords if k.arg and self.streams(k.value, frame)), None)
            if inner is None:
                return node
            node = inner
        return node

    @staticmethod
    def _is_iter(node: ast.Call) -> bool:
        name = node.func.id if isinstance(node.func, ast.Name) else ""
        return name in ("iter", "list", "tuple")

    def _call(self, module, node: ast.Call) -> list[Loop]:
        if self._is_a_helper(module, node):
            return []
        name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
        frame = self.flow.frames.at(module, node)
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
        pipelines = [v for v in self.flow.evaluate(holder, frame) if isinstance(v, Pipeline)]
        places = self.loops_around(module, node) if pipelines else []
        return [Loop("get_item", place, node, frame, pipelines, [], place=at) for place, at in places]

    def _next(self, module, node: ast.Call, iterator: ast.AST, frame: Frame) -> list[Loop]:
        pipelines = self.streams(iterator, frame)
        makers = self.makers(iterator, frame) if pipelines else []
        if not makers:
            return []
        for parent in module.ancestors(node):
            if isinstance(parent, (ast.ListComp, ast.GeneratorExp)):
                holder = module.parents[parent]
                is_call = isinstance(holder, ast.Call) and holder.args[:1] == [parent]
                windows = self.loop_of_gathered(parent, holder if is_call else parent, frame)
                if windows:
                    return windows
            elif isinstance(parent, (ast.stmt, ast.Lambda)):
                break
        return [Loop("next", at[0], iterator, frame, pipelines, makers, place=at[1]) for at in self.loops_around(module, node)]

    def makers(self, node: ast.AST, frame: Frame, depth: int = 0) -> list[tuple[ast.AST, Frame]]:
        """Expressions that make the iterator which a name or attribute holds."""
        if depth > 8:
            return []
        if isinstance(node, ast.Name):
            at: Frame | None = frame
            while at is not None and node.id not in at.scope.bindings:
                at = at.parent
            found = []
            for binding in at.scope.bindings[node.id] if at is not None else []:
                if binding.kind == "assign":
                    found += self._makers_of(binding.value, binding.path, at, depth)
                elif binding.kind == "param":
                    function = Function(at.scope.node, at.module, at.parent)
                    for call, caller, receiver in self.flow.callers.of(function):
                        given = self.flow.frames.bind(function, [(call, caller)], receiver, limited=False).args.get(node.id)
                        if isinstance(given, tuple):
                            found += self.makers(*given, depth + 1)
            return found
        if isinstance(node, ast.Attribute):
            found = []
            for owner in self.flow.evaluate(node.value, frame):
                if isinstance(owner, Instance):
                    for cls in self.flow.classes.mro(owner.cls):
                        for method in cls.node.body:
                            if isinstance(method, ast.FunctionDef) and method.args.args:
                                inner = self.flow.method_frames.of(owner, cls, method)
                                for kind, value, path, _ in stores_to(method, method.args.args[0].arg, node.attr):
                                    if kind == "assign":
                                        known = [v for v, _ in found]
                                        found += [
                                            m for m in self._makers_of(value, path, inner, depth) if m[0] not in known
                                        ]
            return found
        return [(node, frame)] if isinstance(node, ast.Call) else []

    def _makers_of(self, value: ast.AST, path: tuple, frame: Frame, depth: int) -> list[tuple[ast.AST, Frame]]:
        """`it = iter(loader)` makes it; `it = other` leads on to what makes the other."""
        for index in path:
            if not isinstance(value, (ast.Tuple, ast.List)) or index >= len(value.elts):
                return []
            value = value.elts[index]
        if not self.streams(value, frame):
            return []
        if isinstance(value, (ast.Name, ast.Attribute)):
            return self.makers(value, frame, depth + 1)
        return [(value, frame)]

    def _consumed(self, node: ast.Call, frame: Frame) -> list[Loop]:
        """trainer.fit(model, loader) of a library: the loop itself is not in the project."""
        callees = self.flow.evaluate(node.func, frame)
        if not any(isinstance(c, (Attribute, Unknown, External, ExternalCall)) for c in callees):
            return []
        found: list[Loop] = []
        for arg in [*node.args, *[k.value for k in node.keywords]]:
            pipelines = self.streams(arg, frame) if not isinstance(arg, ast.Starred) else []
            if pipelines:
                found.append(Loop("argument", node, arg, frame, pipelines, []))
        # fit(model, train_loader, val_loader): what it is called tells them apart, else their order.
        return [l for l in found if not self._is_for_evaluation(l.iterable, frame)][:1] or found[:1]
