"""Which functions of the project read configurations that are Python files."""

from __future__ import annotations

import ast

from ..sources.syntax import own_statements, simple_name

_READING_CALLS = {"run_path", "exec", "execfile", "import_module", "exec_module", "load_module", "load_source"}


def runs_files(function) -> bool:
    """Whether a function runs a Python file."""
    return any(isinstance(n, ast.Call) and simple_name(n.func) in _READING_CALLS for n in ast.walk(function.node))


def replaces_whole_values(function) -> bool:
    """`below.update(values)`, `below | values`: what a key holds is replaced, not merged."""
    nodes = own_statements(function.node)
    return any(
        isinstance(n, ast.Call)
        and getattr(n.func, "attr", "") == "update"
        or isinstance(getattr(n, "op", None), ast.BitOr)
        for n in nodes
    )


def follows_bases(function: ast.AST) -> bool:
    """Whether a reader of the project's own runs Python files and goes on to those that `_base_` names."""
    nodes = own_statements(function)
    return any(isinstance(n, ast.Constant) and n.value == "_base_" for n in nodes) and any(
        isinstance(n, ast.Call) and simple_name(n.func) in _READING_CALLS for n in nodes
    )
