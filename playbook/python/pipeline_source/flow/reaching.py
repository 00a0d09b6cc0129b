"""Which bindings of a name reach a use of it: the last that must have run, and those that may have run after it."""

from __future__ import annotations

import ast
import functools
import importlib.util

from ..sources.syntax import (
    has_decorator,
    own_statements,
)
from .loop_elements import elements_of, fix
from .values import (
    UNKNOWN_NUMBER,
    Arguments,
    Computed,
    Concrete,
    External,
    ExternalCall,
    Frame,
    Function,
    Generator,
    Instance,
    ModuleRef,
    SequenceOf,
    Unknown,
    Value,
    concrete,
)


class Reaching:
    """Part of Flow: names and their bindings."""

    def look_up(self, name: str, frame: Frame, node: ast.AST | None) -> list[Value]:
        at: Frame | None = frame
        while at is not None:
            scope = at.scope
            if name in at.fixed:
                return self.argument(at.fixed[name])
            if name in scope.bindings and name not in scope.outer_names and (at is frame or not scope.is_class):
                found: list[Value] = []
                for binding in self.reaching(scope, name, at, node if at is frame else None):
                    found += self.bound_value(binding, name, at)
                return found
            if at.parent is None and "*" in scope.bindings:
                found = self._from_star(name, scope)
                if found:
                    return found
            at = at.parent
        return [External(f"builtins.{name}")]

    def _from_star(self, name: str, scope) -> list[Value]:
        for binding in scope.bindings["*"]:
            source = self.project.resolve_import(scope.module, binding.node)
            module = self.project.module(source)
            if module is not None and name in module.scope.bindings:
                return self.look_up(name, self.open_frame(module.scope), None)
            if module is None and source.split(".")[0] == "spdl":
                return [External(f"{source}.{name}")]
        return []

    def reaching(self, scope, name: str, frame: Frame, node: ast.AST | None) -> list:
        bindings = [b for b in scope.bindings[name]]
        if node is not None and hasattr(node, "lineno"):
            position = (node.lineno, node.col_offset)
            before = [b for b in bindings if b.end <= position and not self._contains(b, node, scope.module)]
        else:
            before = bindings
        result = []
        for binding in sorted(before, key=lambda b: b.start, reverse=True):
            if binding.kind != "param" and not self.is_live(binding.node, frame):
                continue
            if node is not None and self._excludes(binding.node, node, scope.module):
                continue
            result.append(binding)
            if self._must_run(binding, node, scope, frame):
                break
        return result or bindings

    @staticmethod
    def _contains(binding, node: ast.AST, module) -> bool:
        """`x = f(x)`: the x on the right is an earlier one."""
        if binding.kind in ("for", "with", "param"):
            return False
        return binding.node is node or any(a is binding.node for a in module.ancestors(node))

    def _excludes(self, one: ast.AST, other: ast.AST, module) -> bool:
        """Whether the two stand in different branches of one `if`."""
        branches = {}
        child = one
        for parent in module.ancestors(one):
            if isinstance(parent, ast.If):
                branches[parent] = _branch(parent, child)
            child = parent
        child = other
        for parent in module.ancestors(other):
            if parent in branches and _branch(parent, child) != branches[parent] and _branch(parent, child) != "test":
                return True
            child = parent
        return False

    def _must_run(self, binding, node: ast.AST | None, scope, frame: Frame) -> bool:
        """Whether the use can only be reached through this binding."""
        if binding.kind in ("param", "def", "class", "import"):
            return True
        enclosing = set() if node is None else set(map(id, scope.module.ancestors(node)))
        child: ast.AST = binding.node
        for parent in scope.module.ancestors(binding.node):
            if parent is scope.node:
                return True
            if id(parent) in enclosing:
                return True
            if isinstance(parent, ast.If):
                truth = self.truth(parent.test, frame)
                if truth is None or (_branch(parent, child) == "body") != truth:
                    return False
            elif isinstance(parent, (ast.For, ast.AsyncFor, ast.While, ast.ExceptHandler)):
                return False
            child = parent
        return True

    def is_live(self, node: ast.AST, frame: Frame) -> bool:
        """False for code in a branch whose condition is known not to hold."""
        child = node
        for parent in frame.module.ancestors(node):
            if parent is frame.scope.node:
                break
            if isinstance(parent, ast.Try) and self._is_other_import(parent, child):
                return False
            if isinstance(parent, ast.If):
                branch = _branch(parent, child)
                truth = None if branch == "test" else self.truth(parent.test, frame)
                if truth is not None and truth != (branch == "body"):
                    return False
            child = parent
        return True

    def _is_other_import(self, node: ast.Try, child: ast.AST) -> bool:
        """try: import x / except ImportError: …: which of the two runs in this Python."""
        imports = [s for s in node.body if isinstance(s, (ast.Import, ast.ImportFrom))]
        if not imports or not any(_catches_import(h) for h in node.handlers):
            return False
        present = all(self._is_importable(s) for s in imports)
        return present if child in node.handlers else child in imports and not self._is_importable(child)

    def _is_importable(self, node: ast.AST) -> bool:
        names = [a.name for a in node.names] if isinstance(node, ast.Import) else [node.module or ""]
        if isinstance(node, ast.ImportFrom) and node.level:
            return True
        return all(self.project.module(n) is not None or _is_installed(n.split(".")[0]) for n in names)

    def bound_value(self, binding, name: str, frame: Frame) -> list[Value]:
        kind = binding.kind
        if kind == "assign":
            return self.unpack(self.evaluate(binding.value, frame), binding.path, binding.value)
        if kind == "param":
            return self.parameter(frame, name)
        if kind == "def":
            return [self.function_value(binding.node, frame)]
        if kind == "class":
            return [self.class_value(binding.node, frame)]
        if kind == "import":
            return self.imported(binding, frame)
        if kind == "with":
            return self.unpack(self.entered(self.evaluate(binding.value, frame)), binding.path, binding.value)
        if kind == "for":
            return self._element(binding, frame)
        if kind == "aug":
            return self._augmented(binding, name, frame)
        return [Unknown(kind)]

    def unpack(self, values: list[Value], path: tuple[int, ...], source: ast.AST) -> list[Value]:
        for index in path:
            found: list[Value] = []
            for value in values:
                if isinstance(value, SequenceOf) and index < len(value.elements):
                    found += self.evaluate(value.elements[index], value.frame)
                elif (
                    isinstance(value, Concrete) and isinstance(value.value, (list, tuple)) and index < len(value.value)
                ):
                    found.append(Concrete(value.value[index]))
                elif isinstance(value, Arguments) and index == 0:
                    found.append(value)
                elif isinstance(value, ExternalCall) and index < len(value.node.args):
                    # accelerator.prepare(model, optimizer, loader) gives back what it was given, in order.
                    found += self.evaluate(value.node.args[index], value.frame)
                else:
                    found.append(Unknown("unpacked"))
            values = found
        return values

    def _element(self, binding, frame: Frame) -> list[Value]:
        found: list[Value] = []
        for value in self.evaluate(binding.value, frame):
            if isinstance(value, SequenceOf):
                for element in value.elements:
                    found += self.unpack(self.evaluate(element, value.frame), binding.path, binding.value)
        return found or [Unknown("element of a loop")]

    def _augmented(self, binding, name: str, frame: Frame) -> list[Value]:
        key = ("aug", id(binding), id(frame))
        if key in self._active:
            return [Unknown("recursion")]
        before: list[Value] = []
        self._active.add(key)
        try:
            for earlier in self.reaching(frame.scope, name, frame, binding.node):
                if earlier is not binding:
                    before += self.bound_value(earlier, name, frame)
        finally:
            self._active.discard(key)
        left, right = concrete(before), concrete(self.evaluate(binding.value, frame))
        if UNKNOWN_NUMBER in (left, right):
            return [Unknown("augmented assignment")]
        result = self._operate(binding.node, type(binding.node.op), left, right, frame)
        return [Concrete(v.value) if isinstance(v, Computed) else v for v in result]

    def rounds(self, node: ast.AST, frame: Frame) -> list[tuple[tuple, Frame]]:
        """Frames of the rounds of a loop over a sequence in the code, each with its place in the order of execution."""
        plain = [((node.lineno, node.col_offset, 0), frame)]
        loop, child = None, node
        for parent in frame.module.ancestors(node):
            if parent is frame.scope.node:
                return plain
            if isinstance(parent, ast.For) and child is not parent.iter:
                loop = parent
                break
            child = parent
        if loop is None:
            return plain
        result = []
        for index, element in enumerate(elements_of(self, loop.iter, frame) or []):
            fixed = dict(frame.fixed)
            if not fix(loop.target, element, fixed):
                return plain
            key = ("round", id(loop), id(frame), index)
            inner = self._once(
                key, lambda f=fixed: Frame(frame.scope, frame.parent, frame.args, frame.self_value, f, frame.depth)
            )
            result.append(((loop.lineno, loop.col_offset, index), inner))
        return result or plain

    def entered(self, values: list[Value]) -> list[Value]:
        """What `with … as` binds."""
        found: list[Value] = []
        for value in values:
            if isinstance(value, Generator) and has_decorator(value.function.node, "contextmanager"):
                for node in own_statements(value.function.node):
                    if isinstance(node, ast.Yield) and node.value is not None:
                        found += self.evaluate(node.value, value.frame)
            elif isinstance(value, Instance):
                method = self.find_method(value.cls, "__enter__")
                if isinstance(method, Function):
                    frame = self.bind(method, [], value)
                    found += self.returned(method, frame)
                else:
                    found.append(value)
            else:
                found.append(value)
        return found

    def imported(self, binding, frame: Frame) -> list[Value]:
        node = binding.node
        if isinstance(node, ast.Import):
            module = self.project.module(binding.imported)
            return [ModuleRef(module)] if module is not None else [External(binding.imported)]
        source = self.project.resolve_import(frame.module, node)
        module = self.project.module(source) if source else None
        if module is not None and (binding.imported in module.scope.bindings or "*" in module.scope.bindings):
            found = self.look_up(binding.imported, self.open_frame(module.scope), None)
            if not (isinstance(found[0], External) and found[0].name.startswith("builtins.")):
                return found
        inner = self.project.module(f"{source}.{binding.imported}" if source else binding.imported)
        if inner is not None:
            return [ModuleRef(inner)]
        if module is not None:
            return [Unknown(f"{source}.{binding.imported}")]
        return [External(f"{source}.{binding.imported}")]


def _branch(parent: ast.If, child: ast.AST) -> str:
    if child in parent.body:
        return "body"
    return "orelse" if child in parent.orelse else "test"


def _catches_import(handler: ast.ExceptHandler) -> bool:
    names = {n.id for n in ast.walk(handler.type) if isinstance(n, ast.Name)} if handler.type else {"Exception"}
    return bool(names & {"ImportError", "ModuleNotFoundError", "Exception", "BaseException"})


@functools.cache
def _is_installed(package: str) -> bool:
    """Looks the package up without importing it: this runs in the target's own Python."""
    try:
        return importlib.util.find_spec(package) is not None
    except (ImportError, ValueError):
        return False
