"""The training loop: where the output of an SPDL pipeline is iterated over by code that trains."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass

from .dataflow import PASS_THROUGH_HELPERS, own_statements
from .values import (
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
    Value,
)

_TRAINS = re.compile(r"\b(backward|loss|optimi[sz]er|opt|zero_grad|train\w*|model|forward|fit|grad\w*|update|learn\w*|step|sgd)\b|_step\b|train", re.I)
_EVALUATES = re.compile(r"(^|_|\b)(eval\w*|val|valid\w*|test\w*|infer\w*|predict\w*|bench\w*|warm_?up|profile|debug|dry_run)(_|\b|$)", re.I)
_TRAINING_NAMES = re.compile(r"train|fit|epoch|run|main|learn", re.I)
_LOADER_NAMES = re.compile(r"loader|pipeline|batches|data_?iter|stream|dataset", re.I)
_NOT_CONSUMERS = {"len", "print", "repr", "str", "type", "isinstance", "id", "hasattr", "callable", "bool"}
_CONSUMING_CALLS = {"fit", "train", "train_loop", "run", "train_epoch", "train_one_epoch"}


@dataclass(eq=False)
class Loop:
    """`kind` says how the rewrite takes hold of it: for, next (an iterator's makers), get_item, argument."""

    kind: str
    node: ast.AST
    # The expression whose value yields batches; for get_item the call itself.
    iterable: ast.AST
    frame: Frame
    pipelines: list[Pipeline]
    # For `next`: the expressions that make the iterator.
    makers: list[tuple[ast.AST, Frame]]
    score: float = 0.0
    followed: bool = True

    @property
    def module(self):
        return self.frame.module


class LoopFinder:
    def __init__(self, flow) -> None:
        self.flow = flow
        self._busy: set[int] = set()
        self._streams: dict[int, list[Pipeline]] = {}

    # -- streams ----------------------------------------------------------------------------------------------------

    def streams(self, node: ast.AST, frame: Frame) -> list[Pipeline]:
        found: list[Pipeline] = []
        for value in self.flow.evaluate(node, frame):
            found += [p for p in self.streams_of(value) if p not in found]
        return found

    def streams_of(self, value: Value) -> list[Pipeline]:
        """Pipelines whose output a value yields when it is iterated over."""
        if isinstance(value, Pipeline):
            return [value]
        key = id(value)
        if key in self._busy or len(self._busy) > 30:
            return []
        if key in self._streams:
            return self._streams[key]
        self._busy.add(key)
        try:
            found = self._inside(value)
        finally:
            self._busy.discard(key)
        self._streams[key] = found
        self.flow._keep.append(value)
        return found

    def _inside(self, value: Value) -> list[Pipeline]:
        if isinstance(value, Generator):
            # What is passed in comes out again, whatever happens in between (a queue, a thread).
            return self._in_body(value.function.node, value.frame) or self._given(
                a for a in (value.frame.args or {}).values() if isinstance(a, tuple)
            )
        if isinstance(value, Instance):
            found: list[Pipeline] = []
            for name in ("__iter__", "__next__"):
                for cls in self.flow.mro(value.cls):
                    method = next((m for m in cls.node.body if isinstance(m, ast.FunctionDef) and m.name == name), None)
                    if method is not None:
                        frame = self.flow.method_frame(value, cls, method)
                        found += [p for p in self._in_body(method, frame) if p not in found]
                        break
            return found or self._of_object(value)
        if isinstance(value, ExternalCall) and value.name.rpartition(".")[2] not in _NOT_CONSUMERS:
            found = []
            for arg in [*value.node.args, *[k.value for k in value.node.keywords]]:
                if not isinstance(arg, (ast.Constant, ast.Lambda)):
                    inner = arg.value if isinstance(arg, ast.Starred) else arg
                    found += [p for p in self.streams(inner, value.frame) if p not in found]
            return found
        return []

    def _given(self, expressions) -> list[Pipeline]:
        found: list[Pipeline] = []
        for expression, frame in expressions:
            found += [p for p in self.streams(expression, frame) if p not in found]
        return found

    def _of_object(self, value: Instance) -> list[Pipeline]:
        """A loader derived from spdl.dataloader.DataLoader, or an iterable that was given a pipeline."""
        base = self.flow.external_base(value.cls)
        if base is not None and base.endswith(".DataLoader"):
            return [self.flow._pipeline("dataloader", call, frame, None) for call, frame in self.flow._super_calls(value)]
        iterates = any(self.flow.find_method(value.cls, name) for name in ("__iter__", "__next__"))
        if iterates and value.call is not None:
            return self._given((a, value.frame) for a in [*value.call.args, *[k.value for k in value.call.keywords]])
        return []

    def _in_body(self, function: ast.AST, frame: Frame) -> list[Pipeline]:
        """Pipelines that a generator or an __iter__ passes on."""
        found: list[Pipeline] = []
        for node in own_statements(function):
            sources: list[ast.AST] = []
            if isinstance(node, (ast.For, ast.AsyncFor)):
                sources = [node.iter]
            elif isinstance(node, (ast.YieldFrom, ast.Return)) and node.value is not None:
                sources = [node.value]
            elif isinstance(node, ast.Call):
                if isinstance(node.func, ast.Name) and node.func.id == "next" and node.args:
                    sources = [node.args[0]]
                elif isinstance(node.func, ast.Attribute) and node.func.attr in ("get_item", "__next__"):
                    sources = [node.func.value]
            for source in sources:
                found += [p for p in self.streams(source, frame) if p not in found]
        return found

    # -- candidates -------------------------------------------------------------------------------------------------

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
            loop.score = self._score(loop) - order * 1e-3
        loops.sort(key=lambda loop: -loop.score)
        return loops

    def _for_loop(self, module, node: ast.For) -> list[Loop]:
        frame = self.flow.frame_at(module, node)
        if self._is_a_helper(module, node):
            return []
        pipelines = self.streams(node.iter, frame)
        if not pipelines:
            return []
        iterable = self.innermost(node.iter, frame)
        return [Loop("for", node, iterable, frame, self.streams(iterable, frame) or pipelines, [])]

    @staticmethod
    def _is_a_helper(module, node: ast.AST) -> bool:
        """Inside what a rewrite of ours put in."""
        return any(
            isinstance(a, (ast.FunctionDef, ast.ClassDef)) and a.name.lower().startswith("_autoresearch") for a in module.ancestors(node)
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
            if any(isinstance(c, (Function, Class)) for c in callees) or isinstance(node.func, ast.Attribute) and any(
                isinstance(c, Attribute) for c in callees
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
        frame = self.flow.frame_at(module, node)
        if name == "next" and isinstance(node.func, ast.Name) and node.args:
            return self._next(module, node, node.args[0], frame)
        if name == "__next__" and isinstance(node.func, ast.Attribute):
            return self._next(module, node, node.func.value, frame)
        if name == "_autoresearch_timed_call" and node.args and isinstance(node.args[0], ast.Attribute):
            pipelines = [v for v in self.flow.evaluate(node.args[0].value, frame) if isinstance(v, Pipeline)]
            if pipelines and (loop := self._enclosing_loop(module, node)) is not None:
                return [Loop("get_item", loop, node, frame, pipelines, [])]
        if name == "get_item" and isinstance(node.func, ast.Attribute):
            pipelines = [v for v in self.flow.evaluate(node.func.value, frame) if isinstance(v, Pipeline)]
            if pipelines and self._enclosing_loop(module, node) is not None:
                return [Loop("get_item", self._enclosing_loop(module, node), node, frame, pipelines, [])]
        if name in _CONSUMING_CALLS and isinstance(node.func, ast.Attribute):
            return self._consumed(node, frame)
        return []

    def _next(self, module, node: ast.Call, iterator: ast.AST, frame: Frame) -> list[Loop]:
        pipelines = self.streams(iterator, frame)
        loop = self._enclosing_loop(module, node)
        if not pipelines or loop is None:
            return []
        makers = self.makers(iterator, frame)
        return [Loop("next", loop, iterator, frame, pipelines, makers)] if makers else []

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
                    for call, caller, receiver in self.flow.callers(function):
                        given = self.flow.bind(function, [(call, caller)], receiver, limited=False).args.get(node.id)
                        if isinstance(given, tuple):
                            found += self.makers(*given, depth + 1)
            return found
        if isinstance(node, ast.Attribute):
            from .objects import _stores

            found = []
            for owner in self.flow.evaluate(node.value, frame):
                if isinstance(owner, Instance):
                    for cls in self.flow.mro(owner.cls):
                        for method in cls.node.body:
                            if isinstance(method, ast.FunctionDef) and method.args.args:
                                inner = self.flow.method_frame(owner, cls, method)
                                for kind, value, path, _ in _stores(method, method.args.args[0].arg, node.attr):
                                    if kind == "assign":
                                        known = [v for v, _ in found]
                                        found += [m for m in self._makers_of(value, path, inner, depth) if m[0] not in known]
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

    def _enclosing_loop(self, module, node: ast.AST) -> ast.AST | None:
        for parent in module.ancestors(node):
            if isinstance(parent, (ast.For, ast.While)):
                return parent
            if isinstance(parent, (ast.FunctionDef, ast.AsyncFunctionDef)):
                # The function takes one batch; the loop is where it is called.
                return parent if parent.name != "__next__" and self._is_called_in_a_loop(module, parent) else None
        return None

    def _is_called_in_a_loop(self, module, function) -> bool:
        for call, frame, _ in self.flow.callers(Function(function, module, self.flow.frame_at(module, function))):
            if any(isinstance(a, (ast.For, ast.While)) for a in frame.module.ancestors(call)):
                return True
        return False

    def _consumed(self, node: ast.Call, frame: Frame) -> list[Loop]:
        """trainer.fit(model, loader) of a library: the loop itself is not in the project."""
        if not any(isinstance(c, (Attribute, Unknown, External, ExternalCall)) for c in self.flow.evaluate(node.func, frame)):
            return []
        for arg in [*node.args, *[k.value for k in node.keywords]]:
            pipelines = self.streams(arg, frame) if not isinstance(arg, ast.Starred) else []
            if pipelines:
                return [Loop("argument", node, arg, frame, pipelines, [])]
        return []

    # -- choice -----------------------------------------------------------------------------------------------------

    def _score(self, loop: Loop) -> float:
        module = loop.module
        score = 0.0
        body = loop.node.body if isinstance(loop.node, (ast.For, ast.AsyncFor, ast.While, ast.FunctionDef)) else [loop.node]
        text = "\n".join(module.text_of(s) for s in body)
        score += min(5, len(set(m.group().lower() for m in _TRAINS.finditer(text))))
        qualname = module.scope_at(loop.node).qualname
        target = module.text_of(loop.node.target) if isinstance(loop.node, ast.For) else ""
        for name in (qualname.rpartition(".")[2], module.text_of(loop.iterable), target):
            if _EVALUATES.search(re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name)):
                score -= 6
        if _TRAINING_NAMES.search(qualname.rpartition(".")[2] or "main"):
            score += 2
        for parent in module.ancestors(loop.node):
            if isinstance(parent, ast.With) and re.search(r"no_grad|inference_mode", " ".join(module.text_of(i.context_expr) for i in parent.items)):
                score -= 4
        if loop.kind == "for" and any(isinstance(n, (ast.Yield, ast.YieldFrom)) for s in body for n in ast.walk(s)):
            score -= 8  # passes batches on: the loop that trains is further out
        if loop.kind == "argument":
            score -= 4
        if isinstance(loop.node, ast.For) and _only_passes_on(loop.node):
            score -= 6
        if not self._is_reached(loop):
            score -= 5
        return score

    def _is_reached(self, loop: Loop) -> bool:
        scope = loop.module.scope_at(loop.node)
        while scope is not None and not scope.is_function:
            scope = scope.parent
        if scope is None:
            return True
        name = getattr(scope.node, "name", "")
        if name.startswith("__"):
            return True
        return any(
            isinstance(n, (ast.Name, ast.Attribute)) and name == (n.id if isinstance(n, ast.Name) else n.attr)
            for m in self.flow.project.modules
            for n in ast.walk(m.tree)
        )

    def by_name(self) -> Loop | None:
        """When nothing could be followed: a loop of the script that reads like one over a loader."""
        module = self.flow.project.main
        best: Loop | None = None
        for node in ast.walk(module.tree):
            if isinstance(node, ast.For) and _LOADER_NAMES.search(module.text_of(node.iter)):
                frame = self.flow.frame_at(module, node)
                if isinstance(node.iter, ast.Call) and isinstance(node.iter.func, ast.Name) and node.iter.func.id == "range":
                    continue
                iterable = node.iter
                while (
                    isinstance(iterable, ast.Call)
                    and isinstance(iterable.func, (ast.Name, ast.Attribute))
                    and (iterable.func.id if isinstance(iterable.func, ast.Name) else iterable.func.attr) in ("enumerate", "tqdm", "islice", "iter")
                    and iterable.args
                ):
                    iterable = iterable.args[0]
                loop = Loop("for", node, iterable, frame, [], [], followed=False)
                loop.score = self._score(loop)
                if best is None or loop.score > best.score:
                    best = loop
        return best


def _only_passes_on(node: ast.For) -> bool:
    """`for x in it: q.put(x)`: somebody else trains on it."""
    if len(node.body) != 1 or not isinstance(node.body[0], ast.Expr) or not isinstance(node.body[0].value, ast.Call):
        return False
    function = node.body[0].value.func
    return isinstance(function, ast.Attribute) and function.attr in ("put", "append", "put_nowait", "send")
