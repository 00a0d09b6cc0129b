"""Where a stage decodes media by spdl.io on the CPU: the calls, in its functions and those that they call."""

from __future__ import annotations

import ast

from ..sources.syntax import own_statements
from ..values.values import External, Function, Method

# By the position at which a call takes its decode_config; None where it is a keyword alone.
_DECODES = {
    "spdl.io.load_video": None,
    "spdl.io.load_image": None,
    "spdl.io.load_image_batch": None,
    "spdl.io.decode_packets": 2,
    "spdl.io.sample_decode_video": None,
    "spdl.io.Decoder": None,
}
# Those that take an item themselves, as the operation of a stage.
_OF_AN_ITEM = {"spdl.io.load_video", "spdl.io.load_image", "spdl.io.decode_packets"}
MAX_DEPTH = 4


def decodes_itself(operation) -> bool:
    """`.pipe(spdl.io.load_image)`, with or without bound arguments."""
    return len(operation.names) == 1 and operation.names[0] in _OF_AN_ITEM


def decode_calls(analysis, operation) -> list:
    """[(call, frame, position of decode_config)] in the functions of the project that a stage runs."""
    flow = analysis.flow
    found = []
    for function in functions_of(analysis, operation):
        for node in own_statements(function.node):
            if isinstance(node, ast.Call):
                frame = flow.frames.at(function.module, node)
                names = [v.name for v in flow.evaluate(node.func, frame)[:4] if isinstance(v, External)]
                found += [(node, frame, _DECODES[name]) for name in names[:1] if name in _DECODES]
    return found


def functions_of(analysis, operation) -> list[Function]:
    """Those that a stage runs, and those of the project that they call."""
    found: list[Function] = []
    waiting = [(function, 0) for function, _ in operation.functions]
    while waiting:
        function, depth = waiting.pop(0)
        if any(f.node is function.node for f in found):
            continue
        found.append(function)
        for node in own_statements(function.node) if depth < MAX_DEPTH else ():
            if isinstance(node, ast.Call):
                callees = analysis.flow.evaluate(node.func, analysis.flow.frames.at(function.module, node))[:4]
                waiting += [(f, depth + 1) for f in map(_function, callees) if f is not None]
    return found


def _function(value) -> Function | None:
    if isinstance(value, Method):
        return value.function
    return value if isinstance(value, Function) else None
