"""Follows values through the project: names, attributes, parameters to their call sites, returns, configuration.

Demand driven and flow-insensitive where it must be: `evaluate` returns the candidates for what an expression may stand
for, best first, and never runs anything. A bound frame (a call that was followed) keeps callers of one function apart.
"""

from __future__ import annotations

import ast
import time

from ..libraries.command_parameters import CommandParameters
from ..libraries.library_calls import LibraryCalls
from ..libraries.registries import Registration, instances_built, registrations_of
from ..sources.syntax import is_main_test, simple_name
from .attributes import Attributes
from .calls import Calls
from .classes import Classes
from .flags import Flags
from .mappings import Mappings
from .overlays import overlays_of
from .reaching import Reaching
from .values import (
    UNKNOWN_NUMBER,
    Arguments,
    Class,
    Computed,
    Concrete,
    DictOf,
    External,
    Frame,
    Function,
    Generator,
    Instance,
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


class Flow(Attributes, Calls, Classes, CommandParameters, LibraryCalls, Mappings, Reaching):
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
        self.overlays: list = []
        self.config_paths: dict[int, str] = {}
        self.registrations: list[Registration] = []
        self.built: dict[int, list[Instance]] = {}
        self._indexed = 0
        self._index()
        self.active_overlays: set[int] = set()
        self.flags = Flags(project)
        self.flags.read(self)
        # What was followed before the flags were known may have missed them.
        self._forget()
        self.registrations = registrations_of(self)
        if self.registrations:
            # The second look knows what the first found to be made.
            for _ in range(2):
                self._forget()
                self.built = instances_built(self)
            self._forget()

    def _forget(self) -> None:
        self._memo.clear()
        self._callers.clear()
        self._instances: dict = {}

    def _index(self) -> None:
        """Takes in the modules that were added since: calls by name, and what lays mappings over others."""
        added = self.project.modules[self._indexed :]
        self._indexed = len(self.project.modules)
        for module in added:
            for node in ast.walk(module.tree):
                if isinstance(node, ast.Call):
                    name = simple_name(node.func)
                    if name:
                        self._calls_by_name.setdefault(name, []).append((module, node))
        self.overlays += overlays_of(added)
        self.__dict__.pop("_key_stores", None)

    def load_file(self, path: str):
        """The module of a Python file that the code runs by its path; None when it is no file of the source."""
        module = self.project.file(path)
        self._index()
        return module

    def load_module(self, name: str):
        """The module that the code imports by a name that it has as text."""
        module = self.project.imported(name) if name else None
        self._index()
        return module

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
        except RecursionError:
            # Deeper than the interpreter goes: unknown, as everything that cannot be followed.
            if not is_outermost:
                raise
            values = [Unknown("recursion")]
        finally:
            self._active.discard(key)
        values = _distinct(values)
        # What was cut by recursion may become known from another start: such an answer serves this question only.
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
        if isinstance(node, ast.Compare) and is_main_test(node):
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
        order = [
            (UNKNOWN_NUMBER, v) if k is None else (concrete(self.evaluate(k, frame)), v)
            for k, v in zip(node.keys, node.values)
        ]
        return [self._once(("dict", id(node), id(frame)), lambda: DictOf(entries, merged, frame, order))]

    def _eval_DictComp(self, node, frame):
        """`{k: v for k, v in raw.items() if …}`: the mapping itself, as far as its keys go."""
        loop = node.generators[0]
        if (
            len(node.generators) == 1
            and isinstance(loop.target, ast.Tuple)
            and [getattr(e, "id", None) for e in loop.target.elts]
            == [getattr(node.key, "id", ""), getattr(node.value, "id", "")]
            and isinstance(loop.iter, ast.Call)
            and isinstance(loop.iter.func, ast.Attribute)
            and loop.iter.func.attr == "items"
        ):
            return self.evaluate(loop.iter.func.value, frame)
        if len(node.generators) == 1 and self._once(("names", id(node)), lambda: _names_of_module(node)):
            return self.evaluate(self._once(("names", id(node)), lambda: None), frame)
        return [Unknown("comprehension")]

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
        if isinstance(node.ops[0], (ast.In, ast.NotIn)) and self._is_set_variable(node, frame):
            return [Computed(isinstance(node.ops[0], ast.In), node, frame)]
        for side in (node.left, node.comparators[0]):
            if len({repr(v.value) if isinstance(v, Concrete) else id(v) for v in self.evaluate(side, frame)}) != 1:
                return [Unknown("comparison")]
        left, right = self.number(node.left, frame), self.number(node.comparators[0], frame)
        return self._operate(node, type(node.ops[0]), left, right, frame)

    def _is_set_variable(self, node: ast.Compare, frame: Frame) -> bool:
        """`"WORKERS" in os.environ`, where the launch command sets it; whether it is set elsewhere is not known."""
        holders = self.evaluate(node.comparators[0], frame)
        is_environment = any(isinstance(v, External) and v.name == "os.environ" for v in holders)
        return is_environment and self.number(node.left, frame) in self.project.launch.environment

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


def _names_of_module(node: ast.DictComp) -> ast.AST | None:
    """`{k: getattr(m, k) for k in dir(m)}` is m as a mapping."""
    loop, value = node.generators[0], node.value
    if (
        isinstance(value, ast.Call)
        and simple_name(value.func) == "getattr"
        and len(value.args) == 2
        and isinstance(loop.iter, ast.Call)
        and simple_name(loop.iter.func) in ("dir", "vars")
        and len(loop.iter.args) == 1
        and ast.dump(loop.iter.args[0]) == ast.dump(value.args[0])
    ):
        made = ast.Call(ast.Name("vars", ast.Load()), [value.args[0]], [])
        return ast.fix_missing_locations(ast.copy_location(made, node))
    return None


def _is_none(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def _is_none_value(value: Value) -> bool | None:
    if isinstance(value, Concrete):
        return value.value is None
    return None if isinstance(value, Unknown) else False


def _join_path(left: str, right: str) -> str:
    return right if right.startswith("/") else f"{left.rstrip('/')}/{right}"
