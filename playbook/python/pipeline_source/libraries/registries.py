"""Registries: what stands under which name, and what is made from a configuration that gives the name.

A registration is followed as the code does it: a decorator, a call or `__init_subclass__` that stores a class or
function under a key. Registries of libraries (OpenMMLab, fvcore) are known by what their methods are called.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass

from ..flow.values import (
    Attribute,
    Class,
    Concrete,
    External,
    ExternalCall,
    Frame,
    Function,
    Instance,
    Method,
    Unknown,
    Value,
)
from ..sources.syntax import own_statements

MAX_DEPTH = 4
MAX_INSTANCES = 6
_TYPE_KEYS = ("type", "name", "_target_")


@dataclass(eq=False)
class Registration:
    """`holder` is the identity of the mapping or registry that holds `item` under `key`."""

    holder: object
    key: object
    item: Value


def registrations_of(flow) -> list[Registration]:
    found: list[Registration] = []
    for module in list(flow.project.modules):
        for node in ast.walk(module.tree):
            if isinstance(node, (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
                found += _of_definition(flow, module, node)
            elif isinstance(node, ast.Call) and _is_at_module_level(module, node):
                found += _of_call(flow, node, flow.frame_at(module, node), 0)
            elif isinstance(node, ast.Assign) and module.parents.get(node) is module.tree:
                found += _stored(flow, node, flow.frame_at(module, node))
    return found


def registered(flow, holder: Value, key) -> list[Value]:
    """What stands under a key of a registry; nothing when that is not known."""
    if not isinstance(key, str):
        return []
    place = _identity(holder)
    return [r.item for r in flow.registrations if r.holder == place and r.key == key][:1]


def is_registry(flow, value: Value) -> bool:
    place = _identity(value)
    return any(r.holder == place for r in flow.registrations)


def built_by(flow, registry: Value, node: ast.Call, config: ast.AST, frame: Frame) -> list[Value]:
    """`REGISTRY.build(config)` of a library: what stands under the configuration's `type`, made with the rest."""
    more = next((k.value for k in node.keywords if k.arg == "default_args"), None)
    if more is None:
        more = next((a for a in node.args[1:] if not is_a_registry_in(flow, a, frame)), None)
    for value in flow.evaluate(config, frame):
        for key in _TYPE_KEYS:
            for name in flow.item(value, key, config, frame):
                held = registered(flow, registry, name.value) if isinstance(name, Concrete) else [name]
                for item in held:
                    if isinstance(item, (Class, Function)):
                        return flow.call(item, [(made_call(flow, node, config, more), frame)])
    return []


def unfollowed(flow, pipelines: list) -> list[str]:
    """What is to be said of pipelines in registered classes that nothing was seen to make."""
    found = []
    for pipeline in pipelines:
        scope = pipeline.frame.scope
        while scope is not None and not scope.is_class:
            scope = scope.parent
        for each in flow.registrations if scope is not None else []:
            made = [i for i in flow.instances(each.item) if i.call is not None] if isinstance(each.item, Class) else [1]
            if each.item.node is scope.node and not made:
                name, where = scope.qualname, f"{scope.module.path}:{scope.node.lineno}"
                found.append(
                    f"{name} ({where}) is made through a registry, and the call could not be followed: its settings are "
                    "read from its defaults and may not be those in force"
                )
    return list(dict.fromkeys(found))


def is_a_registry_in(flow, node: ast.AST, frame: Frame) -> bool:
    return any(is_registry(flow, v) for v in flow.evaluate(node, frame))


def instances_built(flow) -> dict[int, list[Instance]]:
    """Instances of registered classes by the class's node, as the calls that ask for them show them."""
    classes = {id(r.item.node) for r in flow.registrations if isinstance(r.item, Class)}
    found: dict[int, list[Instance]] = {}
    if not classes:
        return found
    for module in flow.project.modules:
        for node in ast.walk(module.tree):
            if isinstance(node, ast.Call):
                for value in flow.evaluate(node, flow.frame_at(module, node)):
                    if isinstance(value, Instance) and id(value.cls.node) in classes and value.call is not None:
                        known = found.setdefault(id(value.cls.node), [])
                        if value not in known:
                            known.append(value)
    # A call in a function that anybody may have called mixes what its callers give.
    for node, instances in found.items():
        bound = [i for i in instances if i.frame is not None and i.frame.args is not None]
        found[node] = (bound or instances)[:MAX_INSTANCES]
    return found


def _of_definition(flow, module, node) -> list[Registration]:
    frame = flow.frame_at(module, node)
    is_class = isinstance(node, ast.ClassDef)
    item = flow.class_value(node, frame) if is_class else flow.function_value(node, frame)
    found: list[Registration] = []
    for decorator in node.decorator_list:
        for callee in flow.evaluate(decorator, frame):
            found += _given_to(flow, callee, item, decorator)
    if is_class and node.bases:
        for base in flow.mro(item)[1:]:
            hook = next((n for n in base.node.body if getattr(n, "name", "") == "__init_subclass__"), None)
            if hook is not None:
                call = flow._once(("subclass", id(node)), lambda: ast.Call(node.bases[0], [], node.keywords))
                function = flow.function_value(hook, flow._class_frame(base))
                found += _in_function(flow, function, flow.bind(function, [(call, frame)], item), item, 0)
                break
    return found


def _given_to(flow, callee: Value, item: Value, decorator: ast.AST) -> list[Registration]:
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
        frame = flow._once(key, lambda: Frame(scope, callee.frame, {names[0].arg: lambda: [item]}, receiver))
        return _in_function(flow, callee, frame, item, 0)
    call = decorator if isinstance(decorator, ast.Call) else None
    owner = callee.receiver if isinstance(callee, (Attribute, ExternalCall)) else None
    if isinstance(owner, Attribute):
        owner = owner.receiver
    name = decorator.func if call is not None else decorator
    if owner is None or "regist" not in getattr(name, "attr", ""):
        return []
    return [Registration(_identity(owner), key, item) for key in _names(call, item)]


def _names(call: ast.Call | None, item: Value) -> list[str]:
    given = [*call.args, *[k.value for k in call.keywords if k.arg in ("name", "module_name")]] if call else []
    texts = [g.value for g in given if isinstance(g, ast.Constant) and isinstance(g.value, str)]
    for each in given:
        if isinstance(each, (ast.List, ast.Tuple)):
            texts += [e.value for e in each.elts if isinstance(e, ast.Constant) and isinstance(e.value, str)]
    return texts or [item.node.name]


def _in_function(flow, function: Function, frame: Frame, item: Value, depth: int) -> list[Registration]:
    """What a function that was given `item` stores it under, in calls from there too."""
    found: list[Registration] = []
    if depth > MAX_DEPTH or isinstance(function.node, ast.Lambda):
        return found
    for node in own_statements(function.node):
        if not flow.is_live(node, frame):
            continue
        if isinstance(node, ast.Assign):
            found += _stored(flow, node, frame)
        elif isinstance(node, ast.Call):
            found += _of_call(flow, node, frame, depth + 1)
    return [r for r in found if r.item.node is item.node]


def _of_call(flow, node: ast.Call, frame: Frame, depth: int) -> list[Registration]:
    """`register("name", Class)`, `REGISTRY.register_module(Class)`, `_registry.update({"name": Class})`."""
    given = [*node.args, *[k.value for k in node.keywords]]
    items = [v for a in given for v in _items(flow, a, frame)]
    found: list[Registration] = []
    if not items:
        return found
    for callee in flow.evaluate(node.func, frame):
        receiver = callee.receiver if isinstance(callee, Method) else None
        function = callee.function if isinstance(callee, Method) else callee
        if isinstance(function, Function):
            inner = flow.bind(function, [(node, frame)], receiver)
            for item in items:
                found += _in_function(flow, function, inner, item, depth + 1)
        elif isinstance(callee, Attribute) and callee.name == "setdefault" and len(node.args) == 2:
            found += _entry(flow, [callee.receiver], node.args[0], node.args[1], frame)
        elif isinstance(callee, Attribute) and "regist" in callee.name:
            found += [Registration(_identity(callee.receiver), key, i) for i in items[:1] for key in _names(node, i)]
    return found


def _stored(flow, node: ast.Assign, frame: Frame) -> list[Registration]:
    found: list[Registration] = []
    for target in node.targets:
        if isinstance(target, ast.Subscript) and _items(flow, node.value, frame):
            found += _entry(flow, flow.evaluate(target.value, frame), target.slice, node.value, frame)
    return found


def _entry(flow, holders: list[Value], key: ast.AST, value: ast.AST, frame: Frame) -> list[Registration]:
    keys = [k.value for k in flow.evaluate(key, frame) if isinstance(k, Concrete) and isinstance(k.value, str)][:1]
    return [
        Registration(_identity(h), k, item)
        for h in holders
        if not isinstance(h, Unknown)
        for k in keys
        for item in _items(flow, value, frame)
    ]


def _items(flow, node: ast.AST, frame: Frame) -> list[Value]:
    if isinstance(node, (ast.Starred, ast.Constant, ast.Lambda)):
        return []
    return [v for v in flow.evaluate(node, frame) if isinstance(v, (Class, Function)) and hasattr(v.node, "name")]


def _identity(value: Value) -> object:
    """The same for every evaluation of one registry."""
    if isinstance(value, ExternalCall):
        return ("call", id(value.node))
    if isinstance(value, External):
        return ("library", value.name)
    return ("class", id(value.node)) if isinstance(value, Class) else id(value)


def made_call(flow, node: ast.Call, config: ast.AST, more: ast.AST | None) -> ast.Call:
    keywords = [*[k for k in node.keywords if k.arg not in ("cfg", "config", "registry", "default_args", "_recursive_", "_convert_")]]
    spreads = [ast.keyword(None, each) for each in (config, more) if each is not None]
    made = ast.Call(node.func, [], [*keywords, *spreads])
    return flow._once(("built", id(node)), lambda: ast.copy_location(made, node))


def _is_at_module_level(module, node: ast.Call) -> bool:
    return not module.scope_at(node).is_function and isinstance(module.parents.get(node), ast.Expr)
