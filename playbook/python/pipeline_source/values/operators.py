"""What an operator gives where both sides are known."""

from __future__ import annotations

import ast

from .values import Computed, Frame, UNKNOWN_NUMBER, Unknown, Value

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


def operate(node: ast.AST, operator: type, left, right, frame: Frame) -> list[Value]:
    """The value of `left operator right`; unknown where a side is not known or Python would raise."""
    if UNKNOWN_NUMBER in (left, right) or operator not in _OPERATORS:
        return [Unknown("operator")]
    try:
        return [Computed(_OPERATORS[operator](left, right), node, frame)]
    except (ArithmeticError, TypeError, ValueError):
        return [Unknown("operator")]


def join_path(left: str, right: str) -> str:
    """`left / right` of pathlib."""
    return right if right.startswith("/") else f"{left.rstrip('/')}/{right}"
