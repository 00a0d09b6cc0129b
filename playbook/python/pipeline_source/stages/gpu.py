"""Which stages touch the GPU: they must stay in the main process, where the model's CUDA context is."""

from __future__ import annotations

import ast
import re

from ..values.values import Class, External, ExternalCall, Function, Instance, Method, Value

_NAMES = re.compile(
    r"cuda|gpu|nvdec|nvjpeg|transfer_(tensor|buffer)|to_device|pin_memory|device_put|host_to_device|h2d", re.I
)
_CALLS = re.compile(
    r"\.cuda\(|\.to\(\s*(?:self\.)?(?:_)?(?:device|dev|gpu|torch\.device|['\"]cuda)|torch\.cuda|cuda_config|transfer_buffer|transfer_tensor|nvdec|nvjpeg|pin_memory\(|device_put|cupy|cp\.asarray",
    re.I,
)


def is_gpu_stage(flow, stage) -> bool:
    if stage.kind != "pipe":
        return False
    if stage.keyword == "transfer_fn" or _NAMES.search(stage.name):
        return True
    return any(_touches(flow, v) for v in stage.operations)


def _touches(flow, value: Value) -> bool:
    if isinstance(value, Method):
        value = value.function
    if isinstance(value, Function):
        return bool(_CALLS.search(value.module.text_of(value.node)))
    if isinstance(value, Instance):
        method = flow.classes.find_method(value.cls, "__call__")
        return method is not None and _touches(flow, method)
    if isinstance(value, Class):
        return False
    if isinstance(value, External):
        return bool(_NAMES.search(value.name))
    if isinstance(value, ExternalCall):
        if value.name == "functools.partial" and value.node.args:
            return any(_touches(flow, v) for v in flow.evaluate(value.node.args[0], value.frame))
        return isinstance(value.node, ast.Call) and bool(_NAMES.search(value.name))
    return False
