"""The calls that add stages to a PipelineBuilder, in order, wherever the builder is kept or handed to."""

from __future__ import annotations

import ast

from ..libraries.spdl_calls import BUILDER_STEPS, spdl_name
from ..sources.syntax import (
    own_statements,
    stores_to,
)
from ..values.values import (
    External,
    Frame,
    Function,
    Instance,
    Method,
)
from .step import Step, is_name, is_uncertain

MAX_DEPTH = 25


class BuilderSteps:
    """Follows a builder back to where it was made, and through the statements that add to it."""

    def __init__(self, flow) -> None:
        self._flow = flow

    def of(self, node: ast.AST, frame: Frame, depth: int = 0) -> list[Step] | None:
        """The steps of the builder that an expression gives; None when it could not be followed."""
        if depth > MAX_DEPTH:
            return None
        if isinstance(node, ast.Call):
            if isinstance(node.func, ast.Attribute) and node.func.attr in BUILDER_STEPS:
                before = self.of(node.func.value, frame, depth + 1)
                return None if before is None else [*before, self._step(node, frame)]
            return self._of_call(node, frame, depth)
        if isinstance(node, ast.Name):
            return self._of_name(node, frame, depth)
        if isinstance(node, ast.Attribute):
            return self._of_attribute(node, frame, depth)
        if isinstance(node, ast.IfExp):
            truth = self._flow.truth(node.test, frame)
            return self.of(node.orelse if truth is False else node.body, frame, depth + 1)
        if isinstance(node, (ast.NamedExpr, ast.Await)):
            return self.of(node.value, frame, depth + 1)
        return None

    def _step(self, call: ast.Call, frame: Frame) -> Step:
        return Step(call.func.attr, call, frame, is_uncertain(self._flow, call, frame))

    def _of_call(self, node: ast.Call, frame: Frame, depth: int) -> list[Step] | None:
        for callee in self._flow.evaluate(node.func, frame):
            if isinstance(callee, External) and spdl_name(callee.name) == "PipelineBuilder":
                return []
            function, receiver = (callee.function, callee.receiver) if isinstance(callee, Method) else (callee, None)
            if isinstance(function, Function):
                found = self._of_function(function, node, frame, receiver, depth)
                if found is not None:
                    return found
        return None

    def _of_function(self, function, call, frame, receiver, depth) -> list[Step] | None:
        bound = self._flow.frames.bind(function, [(call, frame)], receiver)
        if isinstance(function.node, ast.Lambda):
            return self.of(function.node.body, bound, depth + 1)
        for statement in own_statements(function.node):
            if (
                isinstance(statement, ast.Return)
                and statement.value is not None
                and self._flow.branches.is_live(statement, bound)
            ):
                found = self.of(statement.value, bound, depth + 1)
                if found is not None:
                    return found
        return None

    def _of_name(self, node: ast.Name, frame: Frame, depth: int) -> list[Step] | None:
        at: Frame | None = frame
        while at is not None and (node.id not in at.scope.bindings or node.id in at.scope.outer_names):
            at = at.parent
        if at is None:
            return None
        use = node if at is frame else None
        for binding in self._flow.names.reaching(at.scope, node.id, at, use):
            loop = self._rebinding_loop(binding, node.id, at)
            if loop is not None and not (use is not None and loop in at.module.ancestors(use)):
                base, start = self._rebound(loop, node.id, at, depth), (loop.end_lineno, loop.end_col_offset)
            elif binding.kind == "assign" and not binding.path:
                base = self.of(binding.value, at, depth + 1)
                start = binding.end
            elif binding.kind == "param":
                base, start = self._of_parameter(at, node.id, depth), (0, 0)
            elif binding.kind == "import":
                base, start = self._of_import(binding, at, depth), binding.end
            else:
                continue
            if base is not None:
                return base + self._mutations(at, is_name(node.id), start, use, depth)
        return None

    @staticmethod
    def _rebinding_loop(binding, name: str, frame: Frame) -> ast.For | None:
        """The loop in which `builder = builder.pipe(…)` adds a stage in each round."""
        if binding.kind != "assign" or binding.path or not is_name(name)(_chain_root(binding.value)):
            return None
        for parent in frame.module.ancestors(binding.node):
            if parent is frame.scope.node:
                return None
            if isinstance(parent, ast.For):
                return parent
        return None

    def _rebound(self, loop: ast.For, name: str, frame: Frame, depth: int) -> list[Step] | None:
        """Steps before a loop and those of each of its rounds."""
        before = ast.copy_location(ast.Name(name, ast.Load()), loop)
        frame.module.parents[before] = frame.module.parents.get(loop)
        base = self._of_name(before, frame, depth + 1) if depth < MAX_DEPTH else None
        if base is None:
            return None
        own = [b for b in frame.scope.bindings[name] if self._rebinding_loop(b, name, frame) is loop]
        added = []
        for binding in sorted(own, key=lambda b: b.start):
            if self._flow.branches.is_live(binding.node, frame):
                for order, inner in self._flow.rounds.of(binding.node, frame):
                    added.append(((*order, *binding.start), self._chain(binding.value, inner)))
        return base + [step for _, steps in sorted(added, key=lambda a: a[0]) for step in steps]

    def _of_import(self, binding, frame: Frame, depth: int) -> list[Step] | None:
        if not isinstance(binding.node, ast.ImportFrom):
            return None
        module = self._flow.project.module(self._flow.project.resolve_import(frame.module, binding.node))
        if module is None or binding.imported not in module.scope.bindings:
            return None
        name = ast.copy_location(ast.Name(binding.imported, ast.Load()), module.tree.body[-1])
        name.lineno, name.col_offset = 10**9, 0
        return self._of_name(name, self._flow.frames.open(module.scope), depth + 1)

    def _of_parameter(self, frame: Frame, name: str, depth: int) -> list[Step] | None:
        given = (frame.args or {}).get(name)
        if isinstance(given, tuple):
            return self.of(*given, depth + 1)
        if frame.args is None:
            function = Function(frame.scope.node, frame.module, frame.parent)
            for call, caller, receiver in self._flow.callers.of(function):
                bound = self._flow.frames.bind(function, [(call, caller)], receiver, limited=False)
                given = (bound.args or {}).get(name)
                if isinstance(given, tuple):
                    found = self.of(*given, depth + 1)
                    if found is not None:
                        return found
        return None

    def _of_attribute(self, node: ast.Attribute, frame: Frame, depth: int) -> list[Step] | None:
        for owner in self._flow.evaluate(node.value, frame):
            if not isinstance(owner, Instance):
                continue
            for cls in self._flow.classes.mro(owner.cls):
                methods = [
                    m for m in cls.node.body if isinstance(m, (ast.FunctionDef, ast.AsyncFunctionDef)) and m.args.args
                ]
                base: list[Step] | None = None
                for method in methods:
                    inner = self._flow.method_frames.of(owner, cls, method)
                    for kind, value, path, _ in stores_to(method, method.args.args[0].arg, node.attr):
                        if base is None and kind == "assign" and not path:
                            base = self.of(value, inner, depth + 1)
                if base is None:
                    continue
                for method in methods:
                    inner = self._flow.method_frames.of(owner, cls, method)
                    matches = _is_attribute(method.args.args[0].arg, node.attr)
                    use = node if inner.scope is frame.scope else None
                    base = base + self._mutations(inner, matches, (0, 0), use, depth, exclude=node)
                return base
        return None

    def _mutations(
        self, frame: Frame, matches, start, use: ast.AST | None, depth: int, exclude: ast.AST | None = None
    ) -> list[Step]:
        """Steps that statements between `start` and the use add to a builder held by a name."""
        end = (use.lineno, use.col_offset) if use is not None and use.lineno < 10**9 else (10**9, 0)
        found: list[tuple[tuple, list[Step]]] = []
        for node in own_statements(frame.scope.node):
            if not isinstance(node, ast.Call):
                continue
            begin, finish = (node.lineno, node.col_offset), (node.end_lineno, node.end_col_offset)
            if (
                begin < start
                or finish > end
                or not self._flow.branches.is_live(node, frame)
                or self._has_alternative(node, frame, matches)
            ):
                continue
            if isinstance(node.func, ast.Attribute) and node.func.attr in BUILDER_STEPS:
                root = _chain_root(node)
                if matches(root) and root is not exclude and not self._is_inside_chain(node, frame):
                    for order, inner in self._flow.rounds.of(node, frame):
                        found.append(((*order, *finish), self._chain(node, inner)))
            elif depth < MAX_DEPTH and any(matches(a) for a in [*node.args, *[k.value for k in node.keywords]]):
                if self._result_is_rebound(node, frame, matches):
                    continue
                for order, inner in self._flow.rounds.of(node, frame):
                    found.append(((*order, *finish), self._in_helper(node, inner, matches, depth)))
        return [step for _, steps in sorted(found, key=lambda f: f[0]) for step in steps]

    def _has_alternative(self, node: ast.AST, frame: Frame, matches) -> bool:
        """In the else of a condition that is not known, whose other branch adds stages too: one of them is enough."""
        child = node
        for parent in frame.module.ancestors(node):
            if parent is frame.scope.node:
                return False
            if isinstance(parent, ast.If) and child in parent.orelse and self._flow.truth(parent.test, frame) is None:
                calls = [n for s in parent.body for n in ast.walk(s) if isinstance(n, ast.Call)]
                if any(
                    matches(_chain_root(c))
                    for c in calls
                    if isinstance(c.func, ast.Attribute) and c.func.attr in BUILDER_STEPS
                ):
                    return True
            child = parent
        return False

    def _is_inside_chain(self, node: ast.AST, frame: Frame) -> bool:
        parent = frame.module.parents.get(node)
        if not isinstance(parent, ast.Attribute) or parent.attr not in BUILDER_STEPS:
            return False
        return isinstance(frame.module.parents.get(parent), ast.Call)

    @staticmethod
    def _result_is_rebound(node: ast.Call, frame: Frame, matches) -> bool:
        parent = frame.module.parents.get(node)
        return isinstance(parent, ast.Assign) and any(matches(t) for t in parent.targets)

    def _chain(self, node: ast.AST, frame: Frame) -> list[Step]:
        steps: list[Step] = []
        while isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in BUILDER_STEPS:
            steps.insert(0, self._step(node, frame))
            node = node.func.value
        return steps

    def _in_helper(self, node: ast.Call, frame: Frame, matches, depth: int) -> list[Step]:
        for callee in self._flow.evaluate(node.func, frame):
            function, receiver = (callee.function, callee.receiver) if isinstance(callee, Method) else (callee, None)
            if isinstance(function, Function) and not isinstance(function.node, ast.Lambda):
                bound = self._flow.frames.bind(function, [(node, frame)], receiver)
                for name, given in (bound.args or {}).items():
                    if isinstance(given, tuple) and matches(given[0]):
                        return self._mutations(bound, is_name(name), (0, 0), None, depth + 1)
        return []


def _chain_root(node: ast.AST) -> ast.AST:
    while isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in BUILDER_STEPS:
        node = node.func.value
    return node


def _is_attribute(owner: str, name: str):
    return lambda node: (
        isinstance(node, ast.Attribute)
        and node.attr == name
        and isinstance(node.value, ast.Name)
        and node.value.id == owner
    )
