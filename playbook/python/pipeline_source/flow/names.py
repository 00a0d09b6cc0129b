"""Names: which bindings reach a use (the last that must have run, and those after it that may have), and their
values.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass

from ..sources.project import Project
from ..values.made import Made
from ..values.operators import operate
from ..values.values import (
    Arguments,
    Computed,
    Concrete,
    External,
    ExternalCall,
    Frame,
    ModuleRef,
    SequenceOf,
    UNKNOWN_NUMBER,
    Unknown,
    Value,
    concrete,
)
from .branches import Branches
from .evaluator import Evaluator
from .frames import Frames
from .parameters import Parameters
from .returns import Returns


@dataclass(eq=False)
class Names:
    """Looks a name up as Python does, through scopes, `import *` and modules of the project."""

    _project: Project
    _made: Made
    _frames: Frames
    _evaluator: Evaluator
    _branches: Branches
    _parameters: Parameters
    _returns: Returns

    def look_up(self, name: str, frame: Frame, node: ast.AST | None) -> list[Value]:
        at: Frame | None = frame
        while at is not None:
            scope = at.scope
            if name in at.fixed:
                return self._evaluator.argument(at.fixed[name])
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
            source = self._project.resolve_import(scope.module, binding.node)
            module = self._project.module(source)
            if module is not None and name in module.scope.bindings:
                return self.look_up(name, self._frames.open(module.scope), None)
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
            if binding.kind != "param" and not self._branches.is_live(binding.node, frame):
                continue
            if node is not None and self._branches.excludes(binding.node, node, scope.module):
                continue
            result.append(binding)
            if self._branches.must_run(binding, node, scope, frame):
                break
        return result or bindings

    @staticmethod
    def _contains(binding, node: ast.AST, module) -> bool:
        """`x = f(x)`: the x on the right is an earlier one."""
        if binding.kind in ("for", "with", "param"):
            return False
        return binding.node is node or any(a is binding.node for a in module.ancestors(node))

    def bound_value(self, binding, name: str, frame: Frame) -> list[Value]:
        kind = binding.kind
        if kind == "assign":
            return self.unpack(self._evaluator.evaluate(binding.value, frame), binding.path, binding.value)
        if kind == "param":
            return self._parameters.parameter(frame, name)
        if kind == "def":
            return [self._made.function(binding.node, frame)]
        if kind == "class":
            return [self._made.cls(binding.node, frame)]
        if kind == "import":
            return self.imported(binding, frame)
        if kind == "with":
            return self.unpack(
                self._returns.entered(self._evaluator.evaluate(binding.value, frame)), binding.path, binding.value
            )
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
                    found += self._evaluator.evaluate(value.elements[index], value.frame)
                elif (
                    isinstance(value, Concrete) and isinstance(value.value, (list, tuple)) and index < len(value.value)
                ):
                    found.append(Concrete(value.value[index]))
                elif isinstance(value, Arguments) and index == 0:
                    found.append(value)
                elif isinstance(value, ExternalCall) and index < len(value.node.args):
                    # accelerator.prepare(model, optimizer, loader) gives back what it was given, in order.
                    found += self._evaluator.evaluate(value.node.args[index], value.frame)
                else:
                    found.append(Unknown("unpacked"))
            values = found
        return values

    def _element(self, binding, frame: Frame) -> list[Value]:
        found: list[Value] = []
        for value in self._evaluator.evaluate(binding.value, frame):
            if isinstance(value, SequenceOf):
                for element in value.elements:
                    found += self.unpack(self._evaluator.evaluate(element, value.frame), binding.path, binding.value)
        return found or [Unknown("element of a loop")]

    def _augmented(self, binding, name: str, frame: Frame) -> list[Value]:
        key = ("aug", id(binding), id(frame))
        if self._evaluator.is_asked(key):
            return [Unknown("recursion")]
        before = self._evaluator.unless_asked(key, lambda: self._before(binding, name, frame))
        left, right = concrete(before), concrete(self._evaluator.evaluate(binding.value, frame))
        if UNKNOWN_NUMBER in (left, right):
            return [Unknown("augmented assignment")]
        result = operate(binding.node, type(binding.node.op), left, right, frame)
        return [Concrete(v.value) if isinstance(v, Computed) else v for v in result]

    def _before(self, binding, name: str, frame: Frame) -> list[Value]:
        """What a name stands for before `name += …`."""
        earlier = self.reaching(frame.scope, name, frame, binding.node)
        return [v for each in earlier if each is not binding for v in self.bound_value(each, name, frame)]

    def imported(self, binding, frame: Frame) -> list[Value]:
        node = binding.node
        if isinstance(node, ast.Import):
            module = self._project.module(binding.imported)
            return [ModuleRef(module)] if module is not None else [External(binding.imported)]
        source = self._project.resolve_import(frame.module, node)
        module = self._project.module(source) if source else None
        if module is not None and (binding.imported in module.scope.bindings or "*" in module.scope.bindings):
            found = self.look_up(binding.imported, self._frames.open(module.scope), None)
            if not (isinstance(found[0], External) and found[0].name.startswith("builtins.")):
                return found
        inner = self._project.module(f"{source}.{binding.imported}" if source else binding.imported)
        if inner is not None:
            return [ModuleRef(inner)]
        if module is not None:
            return [Unknown(f"{source}.{binding.imported}")]
        return [External(f"{source}.{binding.imported}")]
