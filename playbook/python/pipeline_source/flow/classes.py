"""Classes of the project: bases, methods, fields, instances."""

from __future__ import annotations

import ast

from ..sources.syntax import (
    base_name,
)
from .values import (
    Class,
    DictOf,
    External,
    Frame,
    Function,
    Instance,
    Value,
)

_RECORD_DECORATORS = {"dataclass", "define", "frozen", "attrs", "s", "mutable"}
_RECORD_BASES = {"NamedTuple", "BaseModel", "BaseSettings", "TypedDict", "Struct"}


class Classes:
    """Part of Flow: classes of the project and their instances."""

    def function_value(self, node, frame: Frame) -> Function:
        return self._once(("function", id(node), id(frame)), lambda: Function(node, frame.module, frame))

    def class_value(self, node, frame: Frame) -> Class:
        return self._once(("class", id(node), id(frame)), lambda: Class(node, frame.module, frame))

    def _once(self, key, make):
        """The same value object each time, so that identity compares."""
        if not hasattr(self, "_made"):
            self._made: dict = {}
        if key not in self._made:
            self._made[key] = make()
        return self._made[key]

    @property
    def passed_fields(self) -> set[tuple[int, str]]:
        """Fields that constructor calls were seen to give: their defaults have no effect there."""
        return self._once("passed fields", set)

    @property
    def not_in_force(self) -> set:
        """Flags, literals and places of files that something else was seen to override (see layers.shadow)."""
        return self._once("not in force", set)

    # -- classes ----------------------------------------------------------------------------------------------------

    def instantiate(self, cls: Class, node: ast.Call | None, frame: Frame | None) -> list[Value]:
        external = self.external_base(cls)
        if (
            external is not None
            and node is not None
            and self.find_method(cls, "__init__") is None
            and external.startswith("spdl.")
        ):
            return self.library_call(external, node, frame)
        return [self._once(("instance", id(cls.node), id(node), id(frame)), lambda: Instance(cls, node, frame))]

    def mro(self, cls: Class) -> list[Class]:
        found, waiting = [], [cls]
        while waiting and len(found) < 20:
            at = waiting.pop(0)
            if all(at.node is not c.node for c in found):
                found.append(at)
                for base in at.node.bases:
                    waiting += [v for v in self.evaluate(base, at.frame) if isinstance(v, Class)]
        return found

    def external_base(self, cls: Class) -> str | None:
        """The SPDL class that a class of the project derives from."""
        for at in self.mro(cls):
            for base in at.node.bases:
                for value in self.evaluate(base, at.frame):
                    if isinstance(value, External) and value.name.startswith("spdl."):
                        return value.name
        return None

    def find_method(self, cls: Class, name: str) -> Function | None:
        for at in self.mro(cls):
            for node in at.node.body:
                if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.name == name:
                    return self.function_value(node, self._class_frame(at))
        return None

    def _class_frame(self, cls: Class) -> Frame:
        scope = cls.module.scopes[cls.node]
        return self._once(("class frame", id(scope), id(cls.frame)), lambda: Frame(scope, cls.frame))

    def owner_class(self, function: Function) -> Class | None:
        parent = function.module.parents.get(function.node)
        if not isinstance(parent, ast.ClassDef):
            return None
        return self.class_value(parent, self.frame_at(function.module, parent))

    def subclass_names(self, cls: Class) -> set[str]:
        names = set()
        for module in self.project.modules:
            for node in ast.walk(module.tree):
                if isinstance(node, ast.ClassDef) and node is not cls.node and node.bases:
                    candidate = self.class_value(node, self.frame_at(module, node))
                    if any(c.node is cls.node for c in self.mro(candidate)):
                        names.add(node.name)
        return names

    def instances(self, cls: Class) -> list[Value]:
        """Who `self` may be in a method that any caller may have called."""
        key = ("instances", id(cls.node))
        if key not in self._instances:
            self._instances[key] = self.instantiate_open(cls)
            found: list[Value] = []
            for name in {cls.node.name, "cls", *self.subclass_names(cls)}:
                for module, call in self._calls_by_name.get(name, []):
                    frame = self.frame_at(module, call)
                    for value in self.evaluate(call.func, frame):
                        if isinstance(value, Class) and any(c.node is cls.node for c in self.mro(value)):
                            found += self.instantiate(value, call, frame)
            found = [v for v in found if isinstance(v, Instance)]
            found += [
                i
                for instances in self.built.values()
                for i in instances
                if i not in found and any(c.node is cls.node for c in self.mro(i.cls))
            ]
            if found:
                self._instances[key] = found[:6]
        return self._instances[key]

    def instantiate_open(self, cls: Class) -> list[Value]:
        return [self._once(("instance", id(cls.node), None, None), lambda: Instance(cls, None, None))]

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
            value = self._once(("field", id(node)), lambda e=entries, o=owner: DictOf(e, [], self._class_frame(o)))
            elements.append(lambda v=value: [v])
        return elements
