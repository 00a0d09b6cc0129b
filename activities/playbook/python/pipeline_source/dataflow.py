"""Follows values through the project: names, attributes, parameters to their call sites, returns, configuration.

Demand driven and flow-insensitive where it must be: `evaluate` returns the candidates for what an expression may stand
for, best first, and never runs anything. A bound frame (a call that was followed) keeps two callers of one function apart.
"""

from __future__ import annotations

import ast
import functools
import time

from .config_files import ConfigRefused, is_config, read_config
from .flags import Flags
from .library_calls import LibraryCalls
from .objects import Objects
from .reaching import Reaching
from .scopes import parameters
from .values import (
    UNKNOWN_NUMBER,
    Arguments,
    Attribute,
    Class,
    Computed,
    Concrete,
    DictOf,
    External,
    ExternalCall,
    FileRef,
    Flag,
    Frame,
    Function,
    Generator,
    Instance,
    Leaf,
    Literal,
    Method,
    ModuleRef,
    Pipeline,
    SequenceOf,
    Unknown,
    Value,
    concrete,
)

MAX_DEPTH = 80
# Well below the limit of whoever runs this; ordinary projects take a tenth of a second.
TIME_LIMIT_S = 10.0
MAX_CALLERS = 12
MAX_CALL_DEPTH = 8
# Contexts of one function that are kept apart; further calls of it are taken together.
MAX_CONTEXTS = 24
MAX_CANDIDATES = 24
_OPERATORS = {
    ast.Add: lambda a, b: a + b,
    ast.Sub: lambda a, b: a - b,
    ast.Mult: lambda a, b: a * b,
    ast.FloorDiv: lambda a, b: a // b,
    ast.Div: lambda a, b: a / b,
    ast.Mod: lambda a, b: a % b,
    ast.Eq: lambda a, b: a == b,
    ast.NotEq: lambda a, b: a != b,
    ast.Lt: lambda a, b: a < b,
    ast.LtE: lambda a, b: a <= b,
    ast.Gt: lambda a, b: a > b,
    ast.GtE: lambda a, b: a >= b,
    ast.In: lambda a, b: a in b,
    ast.NotIn: lambda a, b: a not in b,
    ast.Is: lambda a, b: a is b,
    ast.IsNot: lambda a, b: a is not b,
}


class Flow(Objects, Reaching, LibraryCalls):
    def __init__(self, project) -> None:
        self.project = project
        self.configs: dict[str, object] = {}
        self.config_problems: dict[str, str] = {}
        self._memo: dict[tuple[int, int], list[Value]] = {}
        self._keep: list[object] = []
        self._contexts: dict[int, int] = {}
        self._active: set[tuple[int, int]] = set()
        self._tainted: dict[tuple[int, int], list[Value]] = {}
        self._work, self._deadline, self.gave_up = 0, time.monotonic() + TIME_LIMIT_S, False
        self._open_frames: dict[int, Frame] = {}
        self._bound_frames: dict[tuple, Frame] = {}
        self._calls_by_name: dict[str, list[tuple[object, ast.Call]]] = {}
        self._callers: dict[int, list[tuple[ast.Call, Frame]]] = {}
        for module in project.modules:
            for node in ast.walk(module.tree):
                if isinstance(node, ast.Call):
                    name = _simple_name(node.func)
                    if name:
                        self._calls_by_name.setdefault(name, []).append((module, node))
        self.flags = Flags(project)
        self.flags.read(self)
        # What was followed before the flags were known may have missed them.
        self._memo.clear()
        self._callers.clear()

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

    def bind(self, function: Function, calls: list[tuple[ast.Call, Frame]], receiver: Value | None, limited: bool = True) -> Frame:
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

    # -- expressions ------------------------------------------------------------------------------------------------

    def evaluate(self, node: ast.AST | None, frame: Frame) -> list[Value]:
        if node is None:
            return [Unknown("nothing")]
        key = (id(node), id(frame))
        if key in self._memo:
            return self._memo[key]
        if key in self._active or len(self._active) > MAX_DEPTH:
            return [Unknown("recursion")]
        if key in self._tainted:
            return self._tainted[key]
        if self._is_out_of_time():
            return [Unknown("too large")]
        is_outermost = not self._active
        self._active.add(key)
        try:
            method = getattr(self, f"_eval_{type(node).__name__}", None)
            values = method(node, frame) if method else [Unknown(type(node).__name__)]
        finally:
            self._active.discard(key)
        values = _distinct(values)
        # What was cut by recursion may become known from another start: such an answer serves the present question only.
        is_whole = not any(isinstance(v, Unknown) and v.reason == "recursion" for v in values)
        (self._memo if is_whole else self._tainted)[key] = values
        self._keep.append((node, frame))
        if is_outermost:
            self._tainted.clear()
        return values

    def _is_out_of_time(self) -> bool:
        """A bound for code that cannot be followed in reasonable time: what is left then stays unknown."""
        self._work += 1
        if self._work % 512 == 0 and time.monotonic() > self._deadline:
            self.gave_up = True
        return self.gave_up

    def number(self, node: ast.AST, frame: Frame):
        return concrete(self.evaluate(node, frame))

    def truth(self, node: ast.AST, frame: Frame) -> bool | None:
        """Whether a condition holds; None when it is not known."""
        if isinstance(node, ast.Compare) and _is_main_test(node):
            return frame.module is self.project.main
        answers = {self._truth_of(v) for v in self.evaluate(node, frame)}
        return answers.pop() if len(answers) == 1 else None

    @staticmethod
    def _truth_of(value: Value) -> bool | None:
        if isinstance(value, Concrete):
            return bool(value.value)
        if isinstance(value, (Function, Class, Instance, Pipeline, Arguments, Generator, ModuleRef, Method)):
            return True
        return None

    def _eval_Constant(self, node, frame):
        return [Literal(node.value, node, frame)]

    def _eval_Name(self, node, frame):
        if node.id == "__file__":
            return [Concrete(str(self.project.root / frame.module.path))]
        if node.id == "__name__":
            return [Concrete("__main__" if frame.module is self.project.main else frame.module.name)]
        return self.look_up(node.id, frame, node)

    def _eval_NamedExpr(self, node, frame):
        return self.evaluate(node.value, frame)

    def _eval_Await(self, node, frame):
        return self.evaluate(node.value, frame)

    def _eval_Starred(self, node, frame):
        return self.evaluate(node.value, frame)

    def _eval_Lambda(self, node, frame):
        return [Function(node, frame.module, frame)]

    def _eval_Dict(self, node, frame):
        entries, merged = [], []
        for key, value in zip(node.keys, node.values):
            if key is None:
                merged.append(value)
            else:
                name = concrete(self.evaluate(key, frame))
                if name is not UNKNOWN_NUMBER:
                    entries.append((name, value))
        return [DictOf(entries, merged, frame)]

    def _eval_Tuple(self, node, frame):
        return [SequenceOf(list(node.elts), frame, node)]

    _eval_List = _eval_Set = _eval_Tuple

    def _eval_IfExp(self, node, frame):
        truth = self.truth(node.test, frame)
        if truth is not None:
            return self.evaluate(node.body if truth else node.orelse, frame)
        return [*self.evaluate(node.body, frame), *self.evaluate(node.orelse, frame)]

    def _eval_BoolOp(self, node, frame):
        wanted = isinstance(node.op, ast.Or)
        candidates: list[Value] = []
        for part in node.values:
            values = self.evaluate(part, frame)
            truth = self.truth(part, frame)
            if truth is None:
                candidates += values
            elif truth == wanted:
                return [*candidates, *values]
        return candidates or self.evaluate(node.values[-1], frame)

    def _eval_UnaryOp(self, node, frame):
        if isinstance(node.op, ast.Not):
            truth = self.truth(node.operand, frame)
            return [Unknown("condition")] if truth is None else [Computed(not truth, node, frame)]
        value = self.number(node.operand, frame)
        if isinstance(value, (int, float)) and isinstance(node.op, ast.USub):
            return [Computed(-value, node, frame)]
        return [Unknown("operator")]

    def _eval_BinOp(self, node, frame):
        left, right = self.number(node.left, frame), self.number(node.right, frame)
        if isinstance(node.op, ast.Div) and isinstance(left, str) and isinstance(right, str):
            return [Computed(_join_path(left, right), node, frame)]
        if isinstance(node.op, ast.BitOr):
            # Dicts merged by |: the right one is looked at first.
            return [DictOf([], [node.left, node.right], frame)]
        if isinstance(node.op, ast.Add) and UNKNOWN_NUMBER in (left, right):
            parts = [v for side in (node.left, node.right) for v in self.evaluate(side, frame)]
            if all(isinstance(v, SequenceOf) for v in parts) and len({id(v.frame) for v in parts}) == 1:
                return [SequenceOf([e for v in parts for e in v.elements], frame, node)]
        return self._operate(node, type(node.op), left, right, frame)

    def _eval_Compare(self, node, frame):
        if len(node.ops) != 1:
            return [Unknown("comparison")]
        if isinstance(node.ops[0], (ast.Is, ast.IsNot)) and _is_none(node.comparators[0]):
            known = {_is_none_value(v) for v in self.evaluate(node.left, frame)}
            if len(known) == 1 and None not in known:
                return [Computed(known.pop() == isinstance(node.ops[0], ast.Is), node, frame)]
            return [Unknown("comparison with None")]
        for side in (node.left, node.comparators[0]):
            if len({repr(v.value) if isinstance(v, Concrete) else id(v) for v in self.evaluate(side, frame)}) != 1:
                return [Unknown("comparison")]
        left, right = self.number(node.left, frame), self.number(node.comparators[0], frame)
        return self._operate(node, type(node.ops[0]), left, right, frame)

    def _operate(self, node, operator, left, right, frame):
        if UNKNOWN_NUMBER in (left, right) or operator not in _OPERATORS:
            return [Unknown("operator")]
        try:
            return [Computed(_OPERATORS[operator](left, right), node, frame)]
        except (ArithmeticError, TypeError, ValueError):
            return [Unknown("operator")]

    def _eval_JoinedStr(self, node, frame):
        text = ""
        for part in node.values:
            value = self.number(part.value if isinstance(part, ast.FormattedValue) else part, frame)
            if value is UNKNOWN_NUMBER:
                return [Unknown("text")]
            text += str(value)
        return [Computed(text, node, frame)]

    def _eval_Attribute(self, node, frame):
        found: list[Value] = []
        for base in self.evaluate(node.value, frame):
            found += self.attribute(base, node.attr, node, frame)
        return found

    def _eval_Subscript(self, node, frame):
        key = self.number(node.slice, frame)
        found: list[Value] = []
        for base in self.evaluate(node.value, frame):
            found += self.item(base, key, node, frame)
        return found

    def item(self, base: Value, key, node: ast.AST, frame: Frame) -> list[Value]:
        if isinstance(base, Leaf):
            return self.leaf_child(base, key)
        if isinstance(base, DictOf):
            return self.entry(base, key)
        if isinstance(base, SequenceOf) and isinstance(key, int) and -len(base.elements) <= key < len(base.elements):
            return self.evaluate(base.elements[key], base.frame)
        if isinstance(base, (Arguments, Instance)) and isinstance(key, str):
            return self.attribute(base, key, node, frame)
        if isinstance(base, External) and base.name == "os.environ" and isinstance(key, str):
            value = self.project.launch.environment.get(key)
            return [Unknown("environment")] if value is None else [Computed(value, node, frame)]
        if isinstance(base, Arguments) and key == 0:
            return [base]
        if isinstance(base, External):
            # A generic alias: DataLoader[int].
            return [base]
        if isinstance(base, Concrete) and isinstance(base.value, (list, tuple, dict, str)):
            try:
                return [Computed(base.value[key], node, frame)]
            except (IndexError, KeyError, TypeError):
                return [Unknown("index")]
        return [Unknown("subscript")]

    def entry(self, base: DictOf, key) -> list[Value]:
        for name, value in reversed(base.entries):
            if name == key:
                return self.evaluate(value, base.frame)
        for other in reversed(base.merged):
            for value in self.evaluate(other, base.frame):
                found = self.item(value, key, other, base.frame)
                if not isinstance(found[0], Unknown):
                    return found
        return [Unknown(f"key {key!r}")]

    # -- configuration files ----------------------------------------------------------------------------------------

    def config(self, path: str) -> Leaf | None:
        """Root of a configuration file, when it can be read."""
        if path not in self.configs:
            try:
                self.configs[path] = read_config(path, self.project.read_bytes(path).decode("utf-8"))
            except (ConfigRefused, UnicodeDecodeError, OSError) as error:
                self.configs[path] = None
                self.config_problems[path] = str(error)
        config = self.configs[path]
        return None if config is None else Leaf(config.data, config, "")

    def leaf_child(self, leaf: Leaf, key) -> list[Value]:
        data = leaf.value
        if isinstance(data, dict) and key in data or isinstance(data, list) and isinstance(key, int) and -len(data) <= key < len(data):
            part = str(key if isinstance(data, dict) else key % len(data)).replace("~", "~0").replace("/", "~1")
            pointer = f"{leaf.pointer}/{part}"
            override = self.project.launch.override(pointer[1:].replace("/", "."))
            if override is not None:
                try:
                    return [Concrete(float(override) if "." in override else int(override))]
                except ValueError:
                    return [Concrete(override)]
            replaced = self.config_override(leaf, key)
            return replaced or [Leaf(data[key], leaf.config, pointer)]
        return [Unknown(f"key {key!r}")]

    def config_override(self, leaf: Leaf, key) -> list[Value]:
        """`cfg["loader"]["workers"] = args.workers` where the flag is given: the flag is then what counts."""
        for module, store, value in self.key_stores.get(key, []):
            frame = self.frame_at(module, store)
            if id(store) in self._active_stores:
                continue
            self._active_stores.add(id(store))
            try:
                if not self.is_live(store, frame):
                    continue
                holders = self.evaluate(store.value, frame)
                if not any(isinstance(h, Leaf) and h.config is leaf.config and h.pointer == leaf.pointer for h in holders):
                    continue
                values = [v for v in self.evaluate(value, frame) if isinstance(v, Concrete) and v.value is not None]
                if values and isinstance(values[0], (Flag, Literal, Computed)):
                    return values
            finally:
                self._active_stores.discard(id(store))
        return []

    @property
    def key_stores(self) -> dict:
        """Assignments to a key or attribute, by that key."""
        if not hasattr(self, "_key_stores"):
            self._key_stores: dict = {}
            self._active_stores: set[int] = set()
            for module in self.project.modules:
                for node in ast.walk(module.tree):
                    if isinstance(node, ast.Assign):
                        for target in node.targets:
                            if isinstance(target, ast.Subscript) and isinstance(target.slice, ast.Constant):
                                self._key_stores.setdefault(target.slice.value, []).append((module, target, node.value))
                            elif isinstance(target, ast.Attribute):
                                self._key_stores.setdefault(target.attr, []).append((module, target, node.value))
        return self._key_stores

    # -- calls ------------------------------------------------------------------------------------------------------

    def _eval_Call(self, node, frame):
        name = _simple_name(node.func)
        if name in PASS_THROUGH_HELPERS and node.args:
            return self.evaluate(node.args[0], frame)
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
        if _has_decorator(node, "staticmethod"):
            receiver = None
        frame = self.bind(function, calls, receiver)
        if isinstance(node, ast.Lambda):
            return self.evaluate(node.body, frame)
        if is_generator(node):
            return [Generator(function, frame)]
        found = self.returned(function, frame)
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

    def _config_read_by(self, function: Function, calls, frame: Frame) -> Leaf | None:
        """A reader of the project's own: a function that opens a configuration file and returns what it made of it."""
        paths: list[str] = []
        for call, caller in calls:
            for arg in [*call.args, *[k.value for k in call.keywords]]:
                for value in self.evaluate(arg, caller):
                    if isinstance(value, FileRef):
                        paths.append(value.path)
                    elif isinstance(value, Concrete) and isinstance(value.value, str) and is_config(value.value):
                        paths.append(self.project.find_file(value.value) or "")
        for inner in ast.walk(function.node):
            if isinstance(inner, ast.Call) and _simple_name(inner.func) in ("open", "read_text", "read_bytes"):
                paths += [v.path for v in self.evaluate(inner, frame) if isinstance(v, FileRef)]
        for path in paths:
            if path and is_config(path) and (leaf := self.config(path)) is not None:
                return leaf
        return None

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
        self._callers[key] = found[:MAX_CALLERS]
        return self._callers[key]

    def parameter(self, frame: Frame, name: str) -> list[Value]:
        scope = frame.scope
        function = scope.node
        if frame.self_value is not None and _first_parameter(function) == name:
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
        if owner is not None and _first_parameter(function) == name and not _has_decorator(function, "staticmethod"):
            if _has_decorator(function, "classmethod"):
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

    def __init__(self, flow: Flow, spreads, name: str) -> None:
        self.flow, self.spreads, self.name = flow, spreads, name

    def __call__(self) -> list[Value]:
        found: list[Value] = []
        for expression, frame in self.spreads:
            for value in self.flow.evaluate(expression, frame):
                found += [v for v in self.flow.item(value, self.name, expression, frame) if not isinstance(v, Unknown)]
        return found or [Unknown(f"parameter {self.name}")]


# Calls that our own rewrites put in, by name: they are looked through.
PASS_THROUGH_HELPERS = {"_autoresearch_timed", "_autoresearch_cached", "_autoresearch_timed_iter"}
SUBPROCESS_HELPERS = {"_autoresearch_subprocess", "_autoresearch_subprocess_loader"}


def _distinct(values: list[Value]) -> list[Value]:
    """Without what is the same value twice, and no more than can matter."""
    found: dict[tuple, Value] = {}
    for value in values:
        at = getattr(value, "node", None)
        key = (type(value), id(at), id(getattr(value, "frame", None))) if at is not None else (type(value), id(value))
        found.setdefault(key, value)
        if len(found) >= MAX_CANDIDATES:
            break
    return list(found.values()) or [Unknown("")]


def default_node(function: ast.AST, name: str) -> ast.AST | None:
    args = function.args
    ordered = [*args.posonlyargs, *args.args]
    for arg, default in zip(reversed(ordered), reversed(args.defaults)):
        if arg.arg == name:
            return default
    for arg, default in zip(args.kwonlyargs, args.kw_defaults):
        if arg.arg == name:
            return default
    return None


@functools.cache
def own_statements(function: ast.AST) -> tuple[ast.AST, ...]:
    """Nodes of a function in the order of the code, without those of functions and classes inside it."""
    found: list[ast.AST] = []

    def take(node: ast.AST) -> None:
        found.append(node)
        if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)):
            for child in ast.iter_child_nodes(node):
                take(child)

    for child in ast.iter_child_nodes(function):
        take(child)
    return tuple(found)


@functools.cache
def is_generator(function: ast.AST) -> bool:
    return any(isinstance(n, (ast.Yield, ast.YieldFrom)) for n in own_statements(function))


def _simple_name(node: ast.AST) -> str | None:
    if isinstance(node, ast.Name):
        return node.id
    return node.attr if isinstance(node, ast.Attribute) else None


def _first_parameter(function: ast.AST) -> str | None:
    names = [*function.args.posonlyargs, *function.args.args]
    return names[0].arg if names else None


def _has_decorator(node: ast.AST, name: str) -> bool:
    return any(_simple_name(d.func if isinstance(d, ast.Call) else d) == name for d in getattr(node, "decorator_list", []))


def _is_none(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def _is_none_value(value: Value) -> bool | None:
    if isinstance(value, Concrete):
        return value.value is None
    return None if isinstance(value, Unknown) else False


def _is_main_test(node: ast.Compare) -> bool:
    sides = [node.left, *node.comparators]
    return any(isinstance(s, ast.Name) and s.id == "__name__" for s in sides) and any(
        isinstance(s, ast.Constant) and s.value == "__main__" for s in sides
    )


def _join_path(left: str, right: str) -> str:
    return right if right.startswith("/") else f"{left.rstrip('/')}/{right}"
