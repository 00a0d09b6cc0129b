"""Which calls wait (for disk, network, time, another process) rather than compute."""

from __future__ import annotations

import ast
import re

from ..sources.syntax import (
    own_statements,
)
from ..values.values import Attribute, External, ExternalCall, Function, Method

_METHODS = {
    "read",
    "readline",
    "readlines",
    "readinto",
    "read_bytes",
    "read_text",
    "recv",
    "recv_into",
    "urlopen",
    "urlretrieve",
    "get_object",
    "download_file",
    "download_fileobj",
    "download_as_bytes",
    "download_blob",
    "fetchall",
    "fetchone",
    "sleep",
    "check_output",
    "communicate",
    "getaddrinfo",
    "create_connection",
    "pread",
}
_FUNCTIONS = re.compile(
    r"^(builtins\.open|io\.open|gzip\.open|time\.sleep|os\.(read|pread)|urllib\.request\.\w+|requests\.\w+|httpx\.\w+|"
    r"subprocess\.(run|check_output|check_call|call)|socket\.\w+|shutil\.copy\w*|numpy\.(fromfile|load)|boto3\.\w+|fsspec\.open|"
    r"spdl\.io\.demux_\w+)$"
)
_SESSION = re.compile(r"session|client|requests|http|s3|bucket|conn|sock|redis", re.I)
_NOT_WAITING = {"StringIO", "BytesIO"}


def is_wait(flow, call: ast.Call, function: Function, depth: int = 0) -> bool:
    frame = flow.frames.at(function.module, call)
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    for callee in flow.evaluate(call.func, frame)[:4]:
        if isinstance(callee, External):
            if _FUNCTIONS.match(callee.name):
                return True
        elif isinstance(callee, (Function, Method)):
            inner = callee.function if isinstance(callee, Method) else callee
            if depth < 3 and not isinstance(inner.node, ast.Lambda):
                if any(
                    isinstance(n, ast.Call) and is_wait(flow, n, inner, depth + 1) for n in own_statements(inner.node)
                ):
                    return _only_waits(flow, inner, depth + 1)
            return False
    if isinstance(call.func, ast.Attribute):
        if name in _METHODS:
            return not _reads_memory(flow, call, frame)
        if name in ("get", "post", "request") and _SESSION.search(function.module.text_of(call.func.value)):
            return True
    return False


def _only_waits(flow, function: Function, depth: int) -> bool:
    """A helper of the project is a wait as a whole when nothing much follows its last wait."""
    body = function.node.body
    waits = [
        i
        for i, s in enumerate(body)
        if any(isinstance(n, ast.Call) and is_wait(flow, n, function, depth) for n in ast.walk(s))
    ]
    after = body[waits[-1] + 1 :] if waits else []
    return (
        not any(isinstance(n, (ast.For, ast.While, ast.ListComp)) for s in after for n in ast.walk(s))
        and sum(isinstance(n, ast.Call) for s in after for n in ast.walk(s)) <= 1
    )


def _reads_memory(flow, call: ast.Call, frame) -> bool:
    for value in flow.evaluate(call.func.value, frame):
        if isinstance(value, ExternalCall) and value.name.rpartition(".")[2] in _NOT_WAITING:
            return True
        if isinstance(value, Attribute) and value.name in _NOT_WAITING:
            return True
    return False


def wait_in(flow, node: ast.AST, function: Function) -> bool:
    return any(isinstance(n, ast.Call) and is_wait(flow, n, function) for n in ast.walk(node))


def demuxes_in(flow, statements: list[ast.stmt], function: Function) -> bool:
    """Whether SPDL demuxes in them, part of which FFmpeg serialises for the whole process."""
    calls = [n for s in statements for n in ast.walk(s) if isinstance(n, ast.Call)]
    callees = [c for n in calls for c in flow.evaluate(n.func, flow.frames.at(function.module, n))[:4]]
    return any(isinstance(c, External) and c.name.startswith("spdl.io.demux_") for c in callees)
