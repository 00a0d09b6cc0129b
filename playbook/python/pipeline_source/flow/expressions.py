"""What each kind of expression stands for."""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import dataclass

from ..sources.project import Project
from ..sources.syntax import simple_name
from ..values.layers import Under, layered
from ..values.made import Made
from ..values.operators import join_path, operate
from ..values.values import (
    Computed,
    Concrete,
    DictOf,
    External,
    ExternalCall,
    Frame,
    Function,
    Literal,
    SequenceOf,
    UNKNOWN_NUMBER,
    Unknown,
    Value,
    concrete,
)
from .evaluator import Evaluator
from .names import Names
from .rounds import Rounds


@dataclass(eq=False)
class Expressions:
    """One method for one kind of node; `readers` is the table of them."""

    _project: Project
    _made: Made
    _evaluator: Evaluator
    _names: Names
    _rounds: Rounds

    def readers(self) -> dict[type, Callable[[ast.AST, Frame], list[Value]]]:
        return {
            ast.Constant: self._constant,
            ast.Name: self._name,
            ast.NamedExpr: self._inner,
            ast.Await: self._inner,
            ast.Starred: self._inner,
            ast.Lambda: self._lambda,
            ast.Dict: self._dict,
            ast.DictComp: self._dict_comprehension,
            ast.ListComp: self._comprehension,
            ast.GeneratorExp: self._comprehension,
            ast.Tuple: self._sequence,
            ast.List: self._sequence,
            ast.Set: self._sequence,
            ast.IfExp: self._if,
            ast.BoolOp: self._and_or,
            ast.UnaryOp: self._unary,
            ast.BinOp: self._binary,
            ast.Compare: self._compare,
            ast.JoinedStr: self._text,
            ast.Attribute: self._attribute,
            ast.Subscript: self._subscript,
        }

    def _constant(self, node, frame):
        return [Literal(node.value, node, frame)]

    def _name(self, node, frame):
        if node.id == "__file__":
            return [Concrete(str(self._project.root / frame.module.path))]
        if node.id == "__name__":
            return [Concrete("__main__" if frame.module is self._project.main else frame.module.name)]
        return self._names.look_up(node.id, frame, node)

    def _inner(self, node, frame):
        return self._evaluator.evaluate(node.value, frame)

    def _lambda(self, node, frame):
        return [Function(node, frame.module, frame)]

    def _dict(self, node, frame):
        entries, merged = [], []
        for key, value in zip(node.keys, node.values):
            if key is None:
                merged.append(value)
            else:
                name = concrete(self._evaluator.evaluate(key, frame))
                if name is not UNKNOWN_NUMBER:
                    entries.append((name, value))
        order = [
            (UNKNOWN_NUMBER, v) if k is None else (concrete(self._evaluator.evaluate(k, frame)), v)
            for k, v in zip(node.keys, node.values)
        ]
        return [self._made.once(("dict", id(node), id(frame)), lambda: DictOf(entries, merged, frame, order))]

    def _dict_comprehension(self, node, frame):
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
            return self._evaluator.evaluate(loop.iter.func.value, frame)
        if len(node.generators) == 1 and self._made.once(("names", id(node)), lambda: _names_of_module(node)):
            return self._evaluator.evaluate(self._made.once(("names", id(node)), lambda: None), frame)
        return self._element_by_element(node, frame)

    def _element_by_element(self, node: ast.DictComp, frame: Frame) -> list[Value]:
        """`{f.name: raw[f.name] for f in fields(cls) if f.name in raw}`: an entry for each element whose key and
        value are known.
        """
        entries: list[Value] = []
        for inner in self._rounds.of_comprehension(node, frame):
            key = self._evaluator.number(node.key, inner)
            if any(self._evaluator.truth(test, inner) is False for test in node.generators[0].ifs):
                continue
            value = self._evaluator.evaluate(node.value, inner)[0]
            if isinstance(key, str) and not isinstance(value, (Unknown, ExternalCall)):
                entries.append(Under(key, value))
        return [layered(entries)] if entries else [Unknown("comprehension")]

    def _comprehension(self, node, frame):
        """`tuple(wrap(t) for t in loaders)`: a sequence of what it makes of each element."""
        rounds = self._rounds.of_comprehension(node, frame)
        tests = node.generators[0].ifs
        kept = [inner for inner in rounds if not any(self._evaluator.truth(test, inner) is False for test in tests)]
        if not kept:
            return [Unknown("comprehension")]

        def made() -> SequenceOf:
            names = [f"{index} of a comprehension" for index in range(len(kept))]
            given = {n: lambda f=inner: self._evaluator.evaluate(node.elt, f) for n, inner in zip(names, kept)}
            holder = Frame(frame.scope, frame.parent, frame.args, frame.self_value, given, frame.depth)
            return SequenceOf([ast.copy_location(ast.Name(n, ast.Load()), node) for n in names], holder, node)

        return [self._made.once(("comprehension", id(node), id(frame), len(kept)), made)]

    def _sequence(self, node, frame):
        return [SequenceOf(list(node.elts), frame, node)]

    def _if(self, node, frame):
        truth = self._evaluator.truth(node.test, frame)
        if truth is not None:
            return self._evaluator.evaluate(node.body if truth else node.orelse, frame)
        return [*self._evaluator.evaluate(node.body, frame), *self._evaluator.evaluate(node.orelse, frame)]

    def _and_or(self, node, frame):
        wanted = isinstance(node.op, ast.Or)
        candidates: list[Value] = []
        for part in node.values:
            values = self._evaluator.evaluate(part, frame)
            truth = self._evaluator.truth(part, frame)
            if truth is None:
                candidates += values
            elif truth == wanted:
                return [*candidates, *values]
        return candidates or self._evaluator.evaluate(node.values[-1], frame)

    def _unary(self, node, frame):
        if isinstance(node.op, ast.Not):
            truth = self._evaluator.truth(node.operand, frame)
            return [Unknown("condition")] if truth is None else [Computed(not truth, node, frame)]
        value = self._evaluator.number(node.operand, frame)
        if isinstance(value, (int, float)) and isinstance(node.op, ast.USub):
            return [Computed(-value, node, frame)]
        return [Unknown("operator")]

    def _binary(self, node, frame):
        left, right = self._evaluator.number(node.left, frame), self._evaluator.number(node.right, frame)
        if isinstance(node.op, ast.Div) and isinstance(left, str) and isinstance(right, str):
            return [Computed(join_path(left, right), node, frame)]
        if isinstance(node.op, ast.BitOr):
            # Dicts merged by |: the right one is looked at first.
            return [DictOf([], [node.left, node.right], frame)]
        if isinstance(node.op, ast.Add) and UNKNOWN_NUMBER in (left, right):
            parts = [v for side in (node.left, node.right) for v in self._evaluator.evaluate(side, frame)]
            if all(isinstance(v, SequenceOf) for v in parts) and len({id(v.frame) for v in parts}) == 1:
                return [SequenceOf([e for v in parts for e in v.elements], frame, node)]
        return operate(node, type(node.op), left, right, frame)

    def _compare(self, node, frame):
        if len(node.ops) != 1:
            return [Unknown("comparison")]
        if isinstance(node.ops[0], (ast.Is, ast.IsNot)) and _is_none(node.comparators[0]):
            known = {_is_none_value(v) for v in self._evaluator.evaluate(node.left, frame)}
            if len(known) == 1 and None not in known:
                return [Computed(known.pop() == isinstance(node.ops[0], ast.Is), node, frame)]
            return [Unknown("comparison with None")]
        if isinstance(node.ops[0], (ast.In, ast.NotIn)) and self._is_set_variable(node, frame):
            return [Computed(isinstance(node.ops[0], ast.In), node, frame)]
        for side in (node.left, node.comparators[0]):
            if (
                len(
                    {repr(v.value) if isinstance(v, Concrete) else id(v) for v in self._evaluator.evaluate(side, frame)}
                )
                != 1
            ):
                return [Unknown("comparison")]
        left, right = self._evaluator.number(node.left, frame), self._evaluator.number(node.comparators[0], frame)
        return operate(node, type(node.ops[0]), left, right, frame)

    def _is_set_variable(self, node: ast.Compare, frame: Frame) -> bool:
        """`"WORKERS" in os.environ`, where the launch command sets it; whether it is set elsewhere is not known."""
        holders = self._evaluator.evaluate(node.comparators[0], frame)
        is_environment = any(isinstance(v, External) and v.name == "os.environ" for v in holders)
        return is_environment and self._evaluator.number(node.left, frame) in self._project.launch.environment

    def _text(self, node, frame):
        text = ""
        for part in node.values:
            value = self._evaluator.number(part.value if isinstance(part, ast.FormattedValue) else part, frame)
            if value is UNKNOWN_NUMBER:
                return [Unknown("text")]
            text += str(value)
        return [Computed(text, node, frame)]

    def _attribute(self, node, frame):
        found: list[Value] = []
        for base in self._evaluator.evaluate(node.value, frame):
            found += self._evaluator.attribute(base, node.attr, node, frame)
        return found

    def _subscript(self, node, frame):
        key = self._evaluator.number(node.slice, frame)
        found: list[Value] = []
        for base in self._evaluator.evaluate(node.value, frame):
            found += self._evaluator.item(base, key, node, frame)
        return found


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
