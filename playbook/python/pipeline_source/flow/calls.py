"""Calls: which function is meant, what its parameters stand for there, what it returns."""

from __future__ import annotations

import ast

from ..configs.config_files import is_config
from ..libraries.python_config import config_read_by, follows_bases
from ..sources.scopes import parameters
from ..sources.syntax import (
    PASS_THROUGH_HELPERS,
    SUBPROCESS_HELPERS,
    WINDOW_HELPER,
    default_node,
    first_parameter,
    has_decorator,
    is_generator,
    own_statements,
    simple_name,
)
from .layers import Layers
from .values import (
    Attribute,
    Class,
    Concrete,
    DictOf,
    External,
    ExternalCall,
    FileRef,
    Frame,
    Function,
    Generator,
    Instance,
    Literal,
    Method,
    Unknown,
    Value,
)

MAX_CALLERS = 12
MAX_CALL_DEPTH = 8
# Contexts of one function that are kept apart; further calls of it are taken together.
MAX_CONTEXTS = 24


class Calls:
    """Part of Flow: calls, frames and parameters."""

    # -- frames -----------------------------------------------------------------------------------------------------

    def open_frame(self, scope) -> Frame:
        """The scope with any caller."""
        frame = self._open_frames.get(id(scope))
        if frame is None:
            parent = self.open_frame(scope.parent) if scope.parent else None
            frame = self._open_frames[id(scope)] = Frame(scope, parent)
        return frame

    def frame_at(self, module, node: ast.AST) -> Frame:
        return self.open_frame(module.scope_at(node))

    def bind(
        self, function: Function, calls: list[tuple[ast.Call, Frame]], receiver: Value | None, limited: bool = True
    ) -> Frame:
        """Frame of a call; several calls are those of functools.partial and then the call itself."""
        key = (id(function.node), id(receiver), *[(id(c), id(f)) for c, f in calls])
        if key in self._bound_frames:
            return self._bound_frames[key]
        scope = function.module.scopes[function.node]
        depth = 1 + max([f.depth for _, f in calls], default=0)
        contexts = self._contexts.get(id(scope), 0)
        if limited and (depth > MAX_CALL_DEPTH or contexts >= MAX_CONTEXTS):
            # Recursion, or a chain so long that any caller may be meant.
            return self._once(("deep", id(scope), id(receiver)), lambda: Frame(scope, function.frame, None, receiver))
        self._contexts[id(scope)] = contexts + 1
        # Identities are keys, so what they belong to must stay.
        self._keep.append((receiver, calls))
        names = [a.arg for a in parameters(function.node.args)]
        positional = names[: len(function.node.args.posonlyargs) + len(function.node.args.args)]
        if receiver is not None and positional:
            positional = positional[1:]
        args: dict[str, object] = {}
        spreads: list[tuple[ast.AST, Frame]] = []
        extra: list[tuple[object, ast.AST]] = []
        at = 0
        extra_frame = calls[-1][1] if calls else function.frame
        for call, frame in calls:
            for arg in call.args:
                if isinstance(arg, ast.Starred):
                    break
                if at < len(positional):
                    args[positional[at]] = (arg, frame)
                at += 1
            for keyword in call.keywords:
                if keyword.arg is None:
                    spreads.append((keyword.value, frame))
                elif keyword.arg in names:
                    args[keyword.arg] = (keyword.value, frame)
                else:
                    extra.append((keyword.arg, keyword.value))
        frame = Frame(scope, function.frame, args, receiver, depth=depth)
        for name in names:
            if name not in args and spreads:
                args[name] = _Spread(self, spreads, name)
        if function.node.args.kwarg is not None:
            args[function.node.args.kwarg.arg] = lambda: [DictOf(extra, [e for e, _ in spreads], extra_frame)]
        self._bound_frames[key] = frame
        return frame

    # -- calls ------------------------------------------------------------------------------------------------------

    def _eval_Call(self, node, frame):
        name = simple_name(node.func)
        if name in PASS_THROUGH_HELPERS and node.args:
            return self.evaluate(node.args[0], frame)
        if name == WINDOW_HELPER and node.args:
            gathered = node.args[-1]
            return self.evaluate(gathered.body if isinstance(gathered, ast.Lambda) else gathered, frame)
        if name in SUBPROCESS_HELPERS:
            return self.subprocess_helper(name, node, frame)
        found: list[Value] = []
        for callee in self.evaluate(node.func, frame)[:MAX_CALLERS]:
            found += self.call(callee, [(node, frame)])
        return found

    def call(self, callee: Value, calls: list[tuple[ast.Call, Frame]]) -> list[Value]:
        node, frame = calls[-1]
        if isinstance(callee, Function):
            return self.call_function(callee, calls, None)
        if isinstance(callee, Method):
            return self.call_function(callee.function, calls, callee.receiver)
        if isinstance(callee, Class):
            return self.instantiate(callee, node, frame)
        if isinstance(callee, External):
            return self.library_call(callee.name, node, frame)
        if isinstance(callee, Attribute):
            return self.library_method(callee.receiver, callee.name, node, frame)
        if isinstance(callee, ExternalCall) and callee.name == "functools.partial" and callee.node.args:
            first = ast.Call(callee.node.args[0], callee.node.args[1:], callee.node.keywords)
            self._keep.append(first)
            found: list[Value] = []
            for inner in self.evaluate(callee.node.args[0], callee.frame):
                found += self.call(inner, [(first, callee.frame), *calls])
            return found
        if isinstance(callee, Instance):
            for method in self.attribute(callee, "__call__", node, frame):
                if isinstance(method, Method):
                    return self.call_function(method.function, calls, callee)
        return [ExternalCall("", node, frame, callee)]

    def call_function(self, function: Function, calls, receiver: Value | None) -> list[Value]:
        node = function.node
        if has_decorator(node, "staticmethod"):
            receiver = None
        frame = self.bind(function, calls, receiver)
        if isinstance(node, ast.Lambda):
            return self.evaluate(node.body, frame)
        if is_generator(node):
            return [Generator(function, frame)]
        found = self.returned(function, frame)
        if follows_bases(node) and not any(isinstance(v, Layers) or isinstance(v, DictOf) and v.merged for v in found):
            read = self._config_read_by(function, calls, frame)
            if isinstance(read, Layers):
                return [read]
        if all(isinstance(v, Unknown) or isinstance(v, DictOf) and not v.entries and not v.merged for v in found):
            read = self._config_read_by(function, calls, frame)
            if read is not None:
                return [read]
        return found

    def returned(self, function: Function, frame: Frame) -> list[Value]:
        found: list[Value] = []
        for statement in own_statements(function.node):
            if isinstance(statement, ast.Return) and statement.value is not None and self.is_live(statement, frame):
                found += self.evaluate(statement.value, frame)
        known = [v for v in found if not (isinstance(v, Concrete) and v.value is None) and not isinstance(v, Unknown)]
        return known or found or [Literal(None, function.node, frame)]

    def _config_read_by(self, function: Function, calls, frame: Frame) -> Value | None:
        """A reader of the project's own: a function that opens a configuration file and returns what it made of it."""
        paths: list[str] = []
        for call, caller in calls:
            for arg in [*call.args, *[k.value for k in call.keywords]]:
                for value in self.evaluate(arg, caller):
                    if isinstance(value, FileRef):
                        paths.append(value.path)
                    elif (
                        isinstance(value, Concrete)
                        and isinstance(value.value, str)
                        and (is_config(value.value) or value.value.endswith(".py"))
                    ):
                        paths.append(self.project.find_file(value.value) or "")
        for inner in ast.walk(function.node):
            if isinstance(inner, ast.Call) and simple_name(inner.func) in ("open", "read_text", "read_bytes"):
                paths += [v.path for v in self.evaluate(inner, frame) if isinstance(v, FileRef)]
        for path in paths:
            if path and is_config(path) and (leaf := self.config(path)) is not None:
                return leaf
        return config_read_by(self, function, paths)

    def callers(self, function: Function) -> list[tuple[ast.Call, Frame, Value | None]]:
        """Calls of a function anywhere in the project, with the receiver where it is a method."""
        key = id(function.node)
        if key in self._callers:
            return self._callers[key]
        self._callers[key] = []
        names = {getattr(function.node, "name", "")}
        owner = self.owner_class(function)
        if owner is not None and function.node.name in ("__init__", "__new__"):
            names |= {owner.node.name, *self.subclass_names(owner)}
        elif owner is not None and function.node.name == "__call__":
            names = set(self._calls_by_name)
        found = []
        for name in names:
            for module, call in self._calls_by_name.get(name, []):
                frame = self.frame_at(module, call)
                for callee in self.evaluate(call.func, frame):
                    receiver = None
                    target = callee
                    if isinstance(callee, Method):
                        target, receiver = callee.function, callee.receiver
                    elif isinstance(callee, Class):
                        target = self.find_method(callee, "__init__")
                        receiver = Unknown("self")
                    elif isinstance(callee, Instance):
                        target, receiver = self.find_method(callee.cls, "__call__"), callee
                    if isinstance(target, Function) and target.node is function.node:
                        found.append((call, frame, receiver))
                        break
        if owner is not None and function.node.name == "__init__":
            for instance in self.built.get(id(owner.node), []):
                found.append((instance.call, instance.frame, Unknown("self")))
        self._callers[key] = found[:MAX_CALLERS]
        return self._callers[key]

    def parameter(self, frame: Frame, name: str) -> list[Value]:
        scope = frame.scope
        function = scope.node
        if frame.self_value is not None and first_parameter(function) == name:
            return [frame.self_value]
        if frame.args is not None:
            if name in frame.args:
                found = self.argument(frame.args[name])
                if isinstance(frame.args[name], _Spread) and isinstance(found[0], Unknown):
                    return self.default_of(frame, name) or found
                return found
            if default := self.default_of(frame, name):
                return default
            return [Unknown(f"parameter {name}")]
        as_function = Function(function, frame.module, frame.parent)
        owner = self.owner_class(as_function)
        if owner is not None and first_parameter(function) == name and not has_decorator(function, "staticmethod"):
            if has_decorator(function, "classmethod"):
                return [owner]
            return self.instances(owner)
        from_command = self.parameter_of_command(as_function, name, frame)
        if from_command:
            return from_command
        found: list[Value] = []
        for call, caller, receiver in self.callers(as_function):
            bound = self.bind(as_function, [(call, caller)], receiver, limited=False)
            found += self.parameter(bound, name)
        found = [v for v in found if not isinstance(v, Unknown)] or found
        if not found:
            found = self.default_of(frame, name)
        return found or [Unknown(f"parameter {name}")]

    def argument(self, argument) -> list[Value]:
        if callable(argument):
            return argument()
        expression, frame = argument
        return self.evaluate(expression, frame)

    def default_of(self, frame: Frame, name: str) -> list[Value]:
        default = default_node(frame.scope.node, name)
        if default is None:
            return []
        # A default is evaluated where the function is defined.
        return self.evaluate(default, frame.parent or frame)


class _Spread:
    """A parameter that `**mapping` may give; its default counts when the mapping has no such key."""

    def __init__(self, flow, spreads, name: str) -> None:
        self.flow, self.spreads, self.name = flow, spreads, name

    def __call__(self) -> list[Value]:
        found: list[Value] = []
        for expression, frame in self.spreads:
            for value in self.flow.evaluate(expression, frame):
                found += [v for v in self.flow.item(value, self.name, expression, frame) if not isinstance(v, Unknown)]
        return found or [Unknown(f"parameter {self.name}")]
