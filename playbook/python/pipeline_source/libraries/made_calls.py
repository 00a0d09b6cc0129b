"""The call by which a library makes what a configuration names: the configuration's keys are its arguments."""

from __future__ import annotations

import ast

from ..values.made import Made


def made_call(made: Made, node: ast.Call, config: ast.AST, more: ast.AST | None) -> ast.Call:
    keywords = [
        *[
            k
            for k in node.keywords
            if k.arg not in ("cfg", "config", "registry", "default_args", "_recursive_", "_convert_")
        ]
    ]
    spreads = [ast.keyword(None, each) for each in (config, more) if each is not None]
    call = ast.Call(node.func, [], [*keywords, *spreads])
    return made.once(("built", id(node)), lambda: ast.copy_location(call, node))
