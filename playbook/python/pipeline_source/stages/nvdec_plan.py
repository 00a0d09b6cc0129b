"""Whether NVDEC can take a stage's decoding: its calls of spdl.io, from the decoder to the tensor, and the rest.

Frames that are on the GPU at once, without FFmpeg's filters: what needs either, or cannot be followed, stays as it is.
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass

from ..sources.syntax import own_statements
from ..values.values import External, ExternalCall, Flag, Function, Leaf, concrete, is_number
from .decoding import decode_calls, decodes_itself, functions_of
from .gpu import is_gpu_stage
from .operations import NotApplicable, operation_of

_ON_CPU = re.compile(
    r"\.numpy\(|to_numpy|\bnp\.|\bnumpy\b|transfer_(tensor|buffer)|pin_memory|from_numpy|\.tolist\(|PIL\b|cv2\b"
)
_FILTERS = {"scale_width", "scale_height", "scale_mode", "scale_algo", "pix_fmt"}


@dataclass(eq=False)
class Decoding:
    """One decoder and what its frames go through, as calls in one function."""

    function: Function
    decode: ast.Call
    convert: ast.Call | None
    to_torch: ast.Call
    # -1 where frames keep their size.
    width: int
    height: int

    @property
    def source(self) -> ast.AST:
        return self.decode.args[0]


def plan_nvdec(analysis, found, stage) -> list[Decoding]:
    """Each decoder of a stage; raises NotApplicable with the reason."""
    if found.pipeline.kind not in ("build", "build_pipeline"):
        raise NotApplicable(f"it is made by {found.pipeline.kind}: frames on the GPU belong to the main process")
    if is_gpu_stage(analysis.flow, stage):
        raise NotApplicable("it works on the GPU already")
    operation = operation_of(analysis.flow, stage)
    if operation is None or operation.kind != "plain":
        raise NotApplicable("what it runs is not known for certain, or is no plain function")
    if decodes_itself(operation):
        raise NotApplicable("its decoder is the stage itself: where its frames become a tensor is not known")
    calls = decode_calls(analysis, operation)
    if not calls:
        raise NotApplicable("it decodes nothing by spdl.io on the CPU")
    _require_video(analysis)
    functions = functions_of(analysis, operation)
    plans = [_plan(analysis, functions, call) for call, _, _ in calls]
    for function in functions:
        _require_torch(function.module.text_of(function.node), getattr(function.node, "name", "it"))
    _require_gpu_after(analysis, found, stage)
    return plans


def _plan(analysis, functions: list[Function], decode: ast.Call) -> Decoding:
    function = next(f for f in functions if any(n is decode for n in own_statements(f.node)))
    name = _spdl_name(analysis, function, decode)
    if name not in ("decode_packets", "load_video"):
        raise NotApplicable(f"it decodes by {name}")
    if len(decode.args) != 1 or isinstance(decode.args[0], ast.Starred):
        raise NotApplicable(f"{name} gets more than what it decodes")
    keywords = {k.arg: k.value for k in decode.keywords}
    more = set(map(str, keywords)) - {"filter_desc", "decode_config"}
    if more:
        raise NotApplicable(f"{name} gets {', '.join(sorted(more))}")
    width, height = _size(analysis, function, keywords.get("filter_desc"))
    outer = _taken_by(function, decode)
    convert = None
    if outer is not None and _spdl_name(analysis, function, outer) == "convert_frames":
        convert, outer = outer, _taken_by(function, outer)
    is_whole = (convert is not None) == (name == "decode_packets")
    if outer is None or not is_whole or _spdl_name(analysis, function, outer) != "to_torch":
        raise NotApplicable("its frames do not become a tensor of torch in one function")
    return Decoding(function, decode, convert, outer, width, height)


def _spdl_name(analysis, function: Function, call: ast.Call) -> str:
    values = analysis.flow.evaluate(call.func, analysis.flow.frames.at(function.module, call))
    names = {v.name for v in values if isinstance(v, External)}
    name = names.pop() if len(names) == 1 and len(values) == 1 else ""
    return name.removeprefix("spdl.io.") if name.startswith("spdl.io.") else ""


def _taken_by(function: Function, node: ast.Call) -> ast.Call | None:
    """The call whose only argument a value is, by itself or by a name that is bound once and used once."""
    parent = function.module.parents.get(node)
    used: ast.AST = node
    if isinstance(parent, ast.Assign) and len(parent.targets) == 1 and isinstance(parent.targets[0], ast.Name):
        named = [n for n in ast.walk(function.node) if isinstance(n, ast.Name) and n.id == parent.targets[0].id]
        loads = [n for n in named if isinstance(n.ctx, ast.Load)]
        if len(named) != 2 or len(loads) != 1:
            return None
        used = loads[0]
        parent = function.module.parents.get(used)
    is_only = isinstance(parent, ast.Call) and parent.args == [used] and not parent.keywords
    return parent if is_only else None


def _size(analysis, function: Function, node: ast.AST | None) -> tuple[int, int]:
    if node is None:
        return -1, -1
    frame = analysis.flow.frames.at(function.module, node)
    values = analysis.flow.evaluate(node, frame)
    made = values[0] if len(values) == 1 and isinstance(values[0], ExternalCall) else None
    if made is None or made.name != "spdl.io.get_video_filter_desc" or made.node.args:
        raise NotApplicable("which filters its frames go through could not be followed")
    given = {str(k.arg): k.value for k in made.node.keywords}
    if not set(given) <= _FILTERS:
        raise NotApplicable(f"its frames go through {', '.join(sorted(set(given) - _FILTERS))}, which NVDEC lacks")
    pixels = analysis.flow.number(given["pix_fmt"], made.frame) if "pix_fmt" in given else "rgb24"
    if pixels != "rgb24":
        raise NotApplicable("its frames are not rgb24")
    scaled = [given.get(name) for name in ("scale_width", "scale_height")]
    if scaled == [None, None]:
        return -1, -1
    values = [analysis.flow.evaluate(each, made.frame) if each is not None else [] for each in scaled]
    if any(isinstance(v, (Flag, Leaf)) for each in values for v in each):
        raise NotApplicable("to which size it scales is a setting, which may change")
    sizes = [concrete(each) for each in values]
    width, height = (int(s) if is_number(s) and s == int(s) else 0 for s in sizes)
    if width <= 0 or height <= 0:
        raise NotApplicable("to which size it scales is not known")
    if width % 2 or height % 2:
        raise NotApplicable(f"it scales to {width} x {height}, and NVDEC to even sizes alone")
    mode = analysis.flow.number(given["scale_mode"], made.frame) if "scale_mode" in given else "pad"
    if mode is not None:
        raise NotApplicable("its frames keep their shape and are padded or cropped (scale_mode), which NVDEC cannot do")
    return width, height


def _require_video(analysis) -> None:
    calls = analysis.flow.index.calls
    demuxed = [call for name in ("demux_video", "load_video") for _, call in calls.get(name, [])]
    if not demuxed or calls.get("demux_image") or calls.get("demux_audio"):
        raise NotApplicable("that it decodes video, and nothing else, could not be seen")
    if calls.get("streaming_demux"):
        raise NotApplicable("packets come in a stream, which NVDEC takes otherwise")
    for call in demuxed:
        if len(call.args) > 1 or any(k.arg in ("timestamp", "bsf", None) for k in call.keywords):
            raise NotApplicable("a window of time, or a bitstream filter, is given where video is demuxed")


def _require_torch(text: str, name: str) -> None:
    found = _ON_CPU.search(text)
    if found:
        raise NotApplicable(f"{name} uses {found.group(0).strip('.(')}, which takes no tensor on the GPU")


def _require_gpu_after(analysis, found, stage) -> None:
    """What takes its frames must take them from the GPU."""
    for later in found.stages[found.stages.index(stage) + 1 :]:
        if later.kind != "pipe":
            continue
        operation = operation_of(analysis.flow, later)
        if operation is None:
            raise NotApplicable(f"what {later.name} does with its frames is not known for certain")
        for name in operation.names:
            if not name.startswith("torch."):
                raise NotApplicable(f"{name or later.name}, which takes its frames, may take none from the GPU")
        for function in functions_of(analysis, operation):
            _require_torch(function.module.text_of(function.node), later.name)
    if analysis.loop is not None:
        _require_torch(analysis.loop.at.module.text_of(analysis.loop.node), "the loop")
