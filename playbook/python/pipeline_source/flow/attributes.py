"""Attributes of values: assignments to self, dataclass fields, properties, what is stored from outside."""

from __future__ import annotations

import ast

from ..configs.interpolation import number_in
from ..sources.syntax import (
    base_name,
    stores_to,
)
from .layers import Layers, Under, of_layers, shadow
from .overlays import laid_over, with_overlays
from .values import (
    Arguments,
    Attribute,
    Class,
    Concrete,
    DictOf,
    External,
    Flag,
    Frame,
    Function,
    Instance,
    Leaf,
    Literal,
    Method,
    ModuleRef,
    Namespace,
    Unknown,
    Value,
)

_ARGUMENT_NAMES = {
    "args",
    "opts",
    "opt",
    "options",
    "flags",
    "FLAGS",
    "hparams",
    "cli",
    "ns",
    "namespace",
    "cfg",
    "config",
}
_SPECIAL = {"__init__", "__call__", "__iter__", "__next__", "__enter__", "__getitem__"}
_MAPPING_METHODS = {"get", "pop", "setdefault", "items", "keys", "values", "copy", "clone", "update"}


class Attributes:
    """Part of Flow: attributes."""

    def attribute(self, base: Value, name: str, node: ast.AST, frame: Frame) -> list[Value]:
        if isinstance(base, ModuleRef):
            if name == "__dict__":
                return [self._once(("namespace", base.module.path), lambda: Namespace(base.module))]
            if name in base.module.scope.bindings or "*" in base.module.scope.bindings:
                return self.look_up(name, self.open_frame(base.module.scope), None)
            inner = self.project.module(f"{base.module.name}.{name}")
            return [ModuleRef(inner)] if inner is not None else [Unknown(name)]
        if isinstance(base, (Class, Function)) and name in ("__name__", "__qualname__") and hasattr(base.node, "name"):
            return [Concrete(base.node.name)]
        if isinstance(base, Namespace) and name not in _MAPPING_METHODS:
            return self.item(base, name, node, frame)
        if isinstance(base, External):
            return [External(f"{base.name}.{name}")]
        if isinstance(base, Instance):
            return self.instance_attribute(base, name, node, frame)
        if isinstance(base, Class):
            return self._class_attribute(base, name, base)
        if isinstance(base, Arguments):
            laid = [
                each for each in laid_over(self, base, name) if each.when != "known" or not self._is_given(name, frame)
            ]
            return with_overlays(laid, self._argument_value(name, frame, followed=True), self.not_in_force)
        if isinstance(base, Leaf) and name not in _MAPPING_METHODS and not isinstance(base.value, str):
            return self.leaf_child(base, name)
        if isinstance(base, DictOf) and name not in _MAPPING_METHODS:
            return self.entry(base, name)
        if isinstance(base, Layers) and name not in _MAPPING_METHODS:
            return of_layers(base, lambda part: self.attribute(part, name, node, frame), self.not_in_force)
        if isinstance(base, Under) and name not in _MAPPING_METHODS:
            return self.item(base, name, node, frame)
        if isinstance(base, Unknown):
            text = base_name(node)
            if text in _ARGUMENT_NAMES and self.flags.by_dest(name) is not None:
                return self._argument_value(name, frame, followed=False)
            return [Unknown(name)]
        if isinstance(base, Concrete) and isinstance(base.value, str):
            return self.path_attribute(base, name, node, frame)
        return [Attribute(base, name, node, frame)]

    def _is_given(self, name: str, frame: Frame) -> bool:
        definition = self.flags.by_dest(name, frame.module)
        return definition is not None and self.flags.given(definition) is not None

    def _argument_value(self, name: str, frame: Frame, followed: bool) -> list[Value]:
        stored = self._stored_from_outside(name, lambda v: isinstance(v, Arguments))
        definition = self.flags.by_dest(name, frame.module)
        if definition is None:
            word = self.flags.positional(name, frame.module)
            given = [Concrete(number_in(word))] if word is not None else []
            return [*stored, *given] or [Unknown(f"argument {name}")]
        flag = self._once(("flag", id(definition)), lambda: self.flags.value(definition, self))
        if not followed:
            flag = Flag(flag.value, definition, False)
        if self.flags.given(definition) is None:
            default = self._set_defaults(name)
            if default:
                shadow(self.not_in_force, [flag])
                return default
        return [*stored, flag]

    def _set_defaults(self, name: str) -> list[Value]:
        """parser.set_defaults(**cfg): the file decides where the command says nothing."""
        for module, call in self._calls_by_name.get("set_defaults", []):
            frame = self.frame_at(module, call)
            for keyword in call.keywords:
                if keyword.arg == name:
                    return self.evaluate(keyword.value, frame)
                if keyword.arg is None:
                    for value in self.evaluate(keyword.value, frame):
                        found = self.item(value, name, keyword.value, frame)
                        if not isinstance(found[0], Unknown):
                            return found
        return []

    def _stored_from_outside(self, name: str, is_holder) -> list[Value]:
        """`args.workers = …` somewhere in the project, where it is certain to run."""
        found: list[Value] = []
        for module, target, value in self.key_stores.get(name, []):
            if not isinstance(target, ast.Attribute) or id(target) in self._active_stores:
                continue
            frame = self.frame_at(module, target)
            self._active_stores.add(id(target))
            try:
                if any(is_holder(v) for v in self.evaluate(target.value, frame)) and self.is_live(target, frame):
                    found += [v for v in self.evaluate(value, frame) if not isinstance(v, Unknown)]
            finally:
                self._active_stores.discard(id(target))
        return found

    def _class_attribute(self, cls: Class, name: str, receiver: Value) -> list[Value]:
        for at in self.mro(cls):
            frame = self._class_frame(at)
            for node in at.node.body:
                if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.name == name:
                    function = self.function_value(node, frame)
                    decorators = {base_name(d) for d in node.decorator_list} | {
                        d.attr if isinstance(d, ast.Attribute) else getattr(d, "id", "") for d in node.decorator_list
                    }
                    if "staticmethod" in decorators:
                        return [function]
                    if "classmethod" in decorators:
                        owner = receiver.cls if isinstance(receiver, Instance) else receiver
                        return [Method(function, owner)]
                    if decorators & {"property", "cached_property"} and isinstance(receiver, Instance):
                        return self.returned(function, self.bind(function, [], receiver))
                    return [Method(function, receiver)] if isinstance(receiver, Instance) else [function]
            scope = at.module.scopes[at.node]
            if name in scope.bindings:
                found: list[Value] = []
                for binding in scope.bindings[name]:
                    if binding.kind == "assign":
                        found += self._field_default(binding.value, frame)
                    else:
                        found += self.bound_value(binding, name, frame)
                return found
        return []

    def _field_default(self, node: ast.AST, frame: Frame) -> list[Value]:
        """A field's default, through dataclasses.field(), attrs and pydantic's Field()."""
        if isinstance(node, ast.Call) and base_name(node.func) in ("field", "Field", "ib", "attrib"):
            for keyword in node.keywords:
                if keyword.arg == "default":
                    return self.evaluate(keyword.value, frame)
                if keyword.arg in ("default_factory", "factory"):
                    call = self._once(("factory", id(node)), lambda: ast.Call(keyword.value, [], []))
                    found: list[Value] = []
                    for callee in self.evaluate(keyword.value, frame):
                        found += self.call(callee, [(call, frame)])
                    return found
            return self.evaluate(node.args[0], frame) if node.args else []
        return self.evaluate(node, frame)

    def instance_attribute(self, inst: Instance, name: str, node: ast.AST, frame: Frame) -> list[Value]:
        if name in inst.replaced:
            self.passed_fields.add((id(inst.cls.node), name))
            return self.evaluate(*inst.replaced[name])
        if name == "__class__":
            return [inst.cls]
        outside = self._stored_from_outside_instance(inst, name)
        assigned = self._assigned_in_methods(inst, name)
        passed = self._passed_field(inst, name)
        if passed:
            self.passed_fields.add((id(inst.cls.node), name))
        declared = self._class_attribute(inst.cls, name, inst) if not passed else []
        found = [*outside, *assigned, *passed, *declared]
        if not isinstance(inst.cls.node, ast.ClassDef) or name not in _SPECIAL:
            laid = laid_over(self, inst, name)
            if laid:
                self.passed_fields.add((id(inst.cls.node), name))
                found = with_overlays(laid, found, self.not_in_force)
        if not found or all(isinstance(v, Unknown) for v in found):
            given = self._given_as_mapping(inst, name)
            found = given or found
        # A first `self.pipeline = None` only announces the attribute.
        useful = [v for v in found if not isinstance(v, Unknown) and not (isinstance(v, Literal) and v.value is None)]
        return useful or found or [Unknown(f"attribute {name}")]

    def _stored_from_outside_instance(self, inst: Instance, name: str) -> list[Value]:
        if not any(
            isinstance(t, ast.Attribute) and base_name(t.value) != "self" for _, t, _ in self.key_stores.get(name, [])
        ):
            return []
        return self._stored_from_outside(
            name, lambda v: isinstance(v, Instance) and v.cls.node is inst.cls.node and _is_not_self(v, inst)
        )

    def _assigned_in_methods(self, inst: Instance, name: str) -> list[Value]:
        found: list[Value] = []
        for at in self.mro(inst.cls):
            for method in at.node.body:
                if not isinstance(method, (ast.FunctionDef, ast.AsyncFunctionDef)) or not method.args.args:
                    continue
                self_name = method.args.args[0].arg
                stores = [s for s in stores_to(method, self_name, name)]
                if not stores:
                    continue
                frame = self.method_frame(inst, at, method)
                for kind, value, path, statement in stores:
                    if not self.is_live(statement, frame):
                        continue
                    values = self.evaluate(value, frame)
                    if kind == "with":
                        values = self.entered(values)
                    found += self.unpack(values, path, value)
            if found:
                break
        return found

    def method_frame(self, inst: Instance, cls: Class, method) -> Frame:
        """Frame of a method of this very instance; its constructor is called as the instance was made."""
        function = self.function_value(method, self._class_frame(cls))
        if method.name == "__init__" and inst.call is not None:
            if cls.node is inst.cls.node or not self._own_init(inst.cls):
                return self.bind(function, [(inst.call, inst.frame)], inst)
            for call, frame in self._super_calls(inst):
                return self.bind(function, [(call, frame)], inst)
        key = ("method", id(method), id(inst))
        return self._once(key, lambda: _MethodFrame(function.module.scopes[method], function.frame, None, inst))

    def _own_init(self, cls: Class) -> bool:
        return any(isinstance(n, ast.FunctionDef) and n.name == "__init__" for n in cls.node.body)

    def _super_calls(self, inst: Instance):
        """super().__init__(…) in the constructor of the instance's own class."""
        for node in inst.cls.node.body:
            if isinstance(node, ast.FunctionDef) and node.name == "__init__":
                frame = self.method_frame(inst, inst.cls, node)
                for call in ast.walk(node):
                    if (
                        isinstance(call, ast.Call)
                        and isinstance(call.func, ast.Attribute)
                        and call.func.attr == "__init__"
                        and isinstance(call.func.value, ast.Call)
                        and base_name(call.func.value.func) == "super"
                    ):
                        yield call, frame

    def _passed_field(self, inst: Instance, name: str) -> list[Value]:
        """A dataclass field as the constructor call gives it."""
        if inst.call is None or not self.is_record(inst.cls):
            return []
        names = list(self.fields(inst.cls))
        if name not in names:
            return []
        for keyword in inst.call.keywords:
            if keyword.arg == name:
                return self.evaluate(keyword.value, inst.frame)
        index = names.index(name)
        if index < len(inst.call.args) and not any(isinstance(a, ast.Starred) for a in inst.call.args):
            return self.evaluate(inst.call.args[index], inst.frame)
        for keyword in inst.call.keywords:
            if keyword.arg is None:
                for value in self.evaluate(keyword.value, inst.frame):
                    found = self.item(value, name, keyword.value, inst.frame)
                    if not isinstance(found[0], Unknown):
                        return found
        return []

    def _given_as_mapping(self, inst: Instance, name: str) -> list[Value]:
        """A wrapper around a configuration: an attribute that only a mapping given to its constructor can explain."""
        if inst.call is None:
            return []
        for arg in [*inst.call.args, *[k.value for k in inst.call.keywords]]:
            for value in self.evaluate(arg, inst.frame):
                if isinstance(value, (Leaf, DictOf, Arguments, Namespace, Layers)):
                    found = self.item(value, name, arg, inst.frame)
                    if not isinstance(found[0], Unknown):
                        return found
        return []


class _MethodFrame(Frame):
    """A method of a known instance with any caller: parameters are followed to call sites, self is known."""


def _is_not_self(value: Value, inst: Instance) -> bool:
    return inst.call is None or value.call is None or value.call is inst.call
