"""Classes of the project: bases, methods, fields."""

from __future__ import annotations

import ast
from dataclasses import dataclass

from ..sources.project import Project
from ..sources.syntax import base_name
from ..values.made import Made
from ..values.values import Class, DictOf, External, Frame, Function
from .evaluator import Evaluator
from .frames import Frames

_RECORD_DECORATORS = {"dataclass", "define", "frozen", "attrs", "s", "mutable"}
_RECORD_BASES = {"NamedTuple", "BaseModel", "BaseSettings", "TypedDict", "Struct"}


@dataclass(eq=False)
class Classes:
    """Reads what class statements say; who their instances are is another question (instances.py)."""

    _project: Project
    _made: Made
    _frames: Frames
    _evaluator: Evaluator

    def mro(self, cls: Class) -> list[Class]:
        found, waiting = [], [cls]
        while waiting and len(found) < 20:
            at = waiting.pop(0)
            if all(at.node is not c.node for c in found):
                found.append(at)
                for base in at.node.bases:
                    waiting += [v for v in self._evaluator.evaluate(base, at.frame) if isinstance(v, Class)]
        return found

    def external_base(self, cls: Class) -> str | None:
        """The SPDL class that a class of the project derives from."""
        for at in self.mro(cls):
            for base in at.node.bases:
                for value in self._evaluator.evaluate(base, at.frame):
                    if isinstance(value, External) and value.name.startswith("spdl."):
                        return value.name
        return None

    def find_method(self, cls: Class, name: str) -> Function | None:
        for at in self.mro(cls):
            for node in at.node.body:
                if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.name == name:
                    return self._made.function(node, self.frame_of(at))
        return None

    def frame_of(self, cls: Class) -> Frame:
        scope = cls.module.scopes[cls.node]
        return self._made.once(("class frame", id(scope), id(cls.frame)), lambda: Frame(scope, cls.frame))

    def owner_of(self, function: Function) -> Class | None:
        parent = function.module.parents.get(function.node)
        if not isinstance(parent, ast.ClassDef):
            return None
        return self._made.cls(parent, self._frames.at(function.module, parent))

    def subclass_names(self, cls: Class) -> set[str]:
        names = set()
        for module in self._project.modules:
            for node in ast.walk(module.tree):
                if isinstance(node, ast.ClassDef) and node is not cls.node and node.bases:
                    candidate = self._made.cls(node, self._frames.at(module, node))
                    if any(c.node is cls.node for c in self.mro(candidate)):
                        names.add(node.name)
        return names

    def is_record(self, cls: Class) -> bool:
        for at in self.mro(cls):
            for decorator in at.node.decorator_list:
                decorator = decorator.func if isinstance(decorator, ast.Call) else decorator
                name = decorator.attr if isinstance(decorator, ast.Attribute) else getattr(decorator, "id", "")
                if name in _RECORD_DECORATORS:
                    return True
            for base in at.node.bases:
                name = base.attr if isinstance(base, ast.Attribute) else getattr(base, "id", "")
                if name in _RECORD_BASES:
                    return True
        return False

    def fields(self, cls: Class) -> dict[str, tuple[ast.AnnAssign, Class]]:
        found: dict[str, tuple[ast.AnnAssign, Class]] = {}
        for at in reversed(self.mro(cls)):
            for node in at.node.body:
                if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
                    found[node.target.id] = (node, at)
        return found

    def field_elements(self, cls: Class) -> list:
        """What dataclasses.fields(cls) yields, as mappings of name and default."""
        elements = []
        for name, (node, owner) in self.fields(cls).items():
            default = node.value
            if isinstance(default, ast.Call) and base_name(default.func) in ("field", "dataclasses"):
                default = next((k.value for k in default.keywords if k.arg == "default"), None)
            entries = [("name", ast.Constant(name)), *([("default", default)] if default is not None else [])]
            value = self._made.once(("field", id(node)), lambda e=entries, o=owner: DictOf(e, [], self.frame_of(o)))
            elements.append(lambda v=value: [v])
        return elements
