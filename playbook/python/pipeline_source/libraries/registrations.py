"""Registrations: which class or function the code stores under which key of which registry.

A registration is followed as the code does it: a decorator, a call or `__init_subclass__` that stores a class or
function under a key. Registries of libraries (OpenMMLab, fvcore) are known by what their methods are called."""

from __future__ import annotations

import ast
from dataclasses import dataclass

from ..flow.branches import Branches
from ..flow.classes import Classes
from ..flow.evaluator import Evaluator
from ..flow.frames import Frames
from ..sources.project import Project
from ..sources.syntax import own_statements
from ..values.made import Made
from ..values.values import Attribute, Class, Concrete, External, ExternalCall, Frame, Function, Method, Unknown, Value

MAX_DEPTH = 4


@dataclass(eq=False)
class RegistrationFinder:
    """Reads the whole project once."""

    _project: Project
    _made: Made
    _frames: Frames
    _evaluator: Evaluator
    _branches: Branches
    _classes: Classes

    def find(self) -> list[Registration]:
        found: list[Registration] = []
        for module in list(self._project.modules):
            for node in ast.walk(module.tree):
                if isinstance(node, (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
                    found += self._of_definition(module, node)
                elif isinstance(node, ast.Call) and _is_at_module_level(module, node):
                    found += self._of_call(node, self._frames.at(module, node), 0)
                elif isinstance(node, ast.Assign) and module.parents.get(node) is module.tree:
                    found += self._stored(node, self._frames.at(module, node))
        return found

    def _of_definition(self, module, node) -> list[Registration]:
        frame = self._frames.at(module, node)
        is_class = isinstance(node, ast.ClassDef)
        item = self._made.cls(node, frame) if is_class else self._made.function(node, frame)
        found: list[Registration] = []
        for decorator in node.decorator_list:
            for callee in self._evaluator.evaluate(decorator, frame):
                found += self._given_to(callee, item, decorator)
        if is_class and node.bases:
            for base in self._classes.mro(item)[1:]:
                hook = next((n for n in base.node.body if getattr(n, "name", "") == "__init_subclass__"), None)
                if hook is not None:
                    call = self._made.once(("subclass", id(node)), lambda: ast.Call(node.bases[0], [], node.keywords))
                    function = self._made.function(hook, self._classes.frame_of(base))
                    found += self._in_function(function, self._frames.bind(function, [(call, frame)], item), item, 0)
                    break
        return found

    def _given_to(self, callee: Value, item: Value, decorator: ast.AST) -> list[Registration]:
        """What a decorator does with what it decorates."""
        receiver = None
        if isinstance(callee, Method):
            callee, receiver = callee.function, callee.receiver
        if isinstance(callee, Function):
            names = [*callee.node.args.posonlyargs, *callee.node.args.args]
            names = names[1:] if receiver is not None else names
            if not names:
                return []
            scope = callee.module.scopes[callee.node]
            key = ("decorated", id(scope), id(callee.frame), id(item), id(receiver))
            frame = self._made.once(key, lambda: Frame(scope, callee.frame, {names[0].arg: lambda: [item]}, receiver))
            return self._in_function(callee, frame, item, 0)
        call = decorator if isinstance(decorator, ast.Call) else None
        owner = callee.receiver if isinstance(callee, (Attribute, ExternalCall)) else None
        if isinstance(owner, Attribute):
            owner = owner.receiver
        name = decorator.func if call is not None else decorator
        if owner is None or "regist" not in getattr(name, "attr", ""):
            return []
        return [Registration(identity_of(owner), key, item) for key in _names(call, item)]

    def _in_function(self, function: Function, frame: Frame, item: Value, depth: int) -> list[Registration]:
        """What a function that was given `item` stores it under, in calls from there too."""
        found: list[Registration] = []
        if depth > MAX_DEPTH or isinstance(function.node, ast.Lambda):
            return found
        for node in own_statements(function.node):
            if not self._branches.is_live(node, frame):
                continue
            if isinstance(node, ast.Assign):
                found += self._stored(node, frame)
            elif isinstance(node, ast.Call):
                found += self._of_call(node, frame, depth + 1)
        return [r for r in found if r.item.node is item.node]

    def _of_call(self, node: ast.Call, frame: Frame, depth: int) -> list[Registration]:
        """`register("name", Class)`, `REGISTRY.register_module(Class)`, `_registry.update({"name": Class})`."""
        given = [*node.args, *[k.value for k in node.keywords]]
        items = [v for a in given for v in self._items(a, frame)]
        found: list[Registration] = []
        if not items:
            return found
        for callee in self._evaluator.evaluate(node.func, frame):
            receiver = callee.receiver if isinstance(callee, Method) else None
            function = callee.function if isinstance(callee, Method) else callee
            if isinstance(function, Function):
                inner = self._frames.bind(function, [(node, frame)], receiver)
                for item in items:
                    found += self._in_function(function, inner, item, depth + 1)
            elif isinstance(callee, Attribute) and callee.name == "setdefault" and len(node.args) == 2:
                found += self._entry([callee.receiver], node.args[0], node.args[1], frame)
            elif isinstance(callee, Attribute) and "regist" in callee.name:
                found += [
                    Registration(identity_of(callee.receiver), key, i) for i in items[:1] for key in _names(node, i)
                ]
        return found

    def _stored(self, node: ast.Assign, frame: Frame) -> list[Registration]:
        found: list[Registration] = []
        for target in node.targets:
            if isinstance(target, ast.Subscript) and self._items(node.value, frame):
                found += self._entry(self._evaluator.evaluate(target.value, frame), target.slice, node.value, frame)
        return found

    def _entry(self, holders: list[Value], key: ast.AST, value: ast.AST, frame: Frame) -> list[Registration]:
        keys = [
            k.value
            for k in self._evaluator.evaluate(key, frame)
            if isinstance(k, Concrete) and isinstance(k.value, str)
        ][:1]
        return [
            Registration(identity_of(h), k, item)
            for h in holders
            if not isinstance(h, Unknown)
            for k in keys
            for item in self._items(value, frame)
        ]

    def _items(self, node: ast.AST, frame: Frame) -> list[Value]:
        if isinstance(node, (ast.Starred, ast.Constant, ast.Lambda)):
            return []
        return [
            v
            for v in self._evaluator.evaluate(node, frame)
            if isinstance(v, (Class, Function)) and hasattr(v.node, "name")
        ]


@dataclass(eq=False)
class Registration:
    """`holder` is the identity of the mapping or registry that holds `item` under `key`."""

    holder: object
    key: object
    item: Value


def _names(call: ast.Call | None, item: Value) -> list[str]:
    given = [*call.args, *[k.value for k in call.keywords if k.arg in ("name", "module_name")]] if call else []
    texts = [g.value for g in given if isinstance(g, ast.Constant) and isinstance(g.value, str)]
    for each in given:
        if isinstance(each, (ast.List, ast.Tuple)):
            texts += [e.value for e in each.elts if isinstance(e, ast.Constant) and isinstance(e.value, str)]
    return texts or [item.node.name]


def identity_of(value: Value) -> object:
    """The same for every evaluation of one registry."""
    if isinstance(value, ExternalCall):
        return ("call", id(value.node))
    if isinstance(value, External):
        return ("library", value.name)
    return ("class", id(value.node)) if isinstance(value, Class) else id(value)


def _is_at_module_level(module, node: ast.Call) -> bool:
    return not module.scope_at(node).is_function and isinstance(module.parents.get(node), ast.Expr)
