"""How many threads each of FFmpeg's decoders has that a stage makes through spdl.io: one, unless told otherwise."""

from __future__ import annotations

import ast
import re

from ..stages.decoding import decode_calls, decodes_itself
from ..stages.operations import NotApplicable, operation_of, require_stage
from ..values.values import Concrete, ExternalCall
from .edits import Edits
from .instrument import edits_of
from .stage_edits import place, refuse_if, text_files, with_helper, wrap_operation
from .results import wrapped_by

_HARDWARE = re.compile(r"cuvid|qsv|vaapi|nvdec|v4l2|mediacodec|videotoolbox", re.I)
_CONFIG = "spdl.io.decode_config"


def decoder_threads(analysis, stage: str, threads: int = 2) -> tuple[dict[str, str], str]:
    """What decodes in the stage's functions gets `threads`, in the configuration that it has or a new one."""
    _, target = require_stage(analysis, stage)
    operation = operation_of(analysis.flow, target)
    if operation is None:
        raise NotApplicable("what it runs is not known for certain")
    edits: dict[object, Edits] = {}
    if decodes_itself(operation):
        refuse_if(wrapped_by(target) and f"it is wrapped in {wrapped_by(target)} already")
        refuse_if(_is_bound(target) and "its decoder's configuration is bound by functools.partial")
        wrap_operation(edits, target, "decoding.py", "_autoresearch_decoding", f", {threads}")
    else:
        calls = decode_calls(analysis, operation)
        if not calls:
            raise NotApplicable("it decodes nothing by spdl.io on the CPU")
        seen: set[int] = set()
        for call, frame, position in calls:
            _set(analysis, edits, call, frame, position, threads, seen)
    said = f"decoders of stage {stage} ({place(target)}) have {threads} threads each"
    return text_files(edits), said


def _is_bound(target) -> bool:
    value = target.operations[0]
    return isinstance(value, ExternalCall) and any(k.arg in ("decode_config", None) for k in value.node.keywords)


def _set(analysis, edits: dict, call: ast.Call, frame, position: int | None, threads: int, seen: set[int]) -> None:
    if any(k.arg is None for k in call.keywords) or any(isinstance(a, ast.Starred) for a in call.args):
        raise NotApplicable("a call that decodes takes *args or **options")
    node = next((k.value for k in call.keywords if k.arg == "decode_config"), None)
    if node is None and position is not None and len(call.args) > position:
        node = call.args[position]
    fresh = f"_autoresearch_decode_config({threads})"
    if node is None:
        at = with_helper(edits, frame.module, "decoding.py", "_autoresearch_decode_config, ")
        at.add_keyword(call, "decode_config", fresh)
        return
    values = analysis.flow.evaluate(node, frame)
    if isinstance(node, ast.Constant) and all(isinstance(v, Concrete) and v.value is None for v in values):
        with_helper(edits, frame.module, "decoding.py", "_autoresearch_decode_config, ").replace_node(node, fresh)
        return
    made = {id(v.node): v for v in values if isinstance(v, ExternalCall) and v.name == _CONFIG}
    if len(made) != 1 or len(values) != 1:
        raise NotApplicable("where the configuration of its decoder is made could not be followed")
    config = next(iter(made.values()))
    # Of a helper that is called twice, or a configuration that two calls share.
    if id(config.node) not in seen:
        seen.add(id(config.node))
        _set_option(edits_of(edits, config.frame.module), config.node, threads)


def _set_option(at: Edits, config: ast.Call, threads: int) -> None:
    if any(k.arg is None for k in config.keywords) or any(isinstance(a, ast.Starred) for a in config.args):
        raise NotApplicable("the configuration of its decoder takes *args or **options")
    given = dict(zip(("decoder", "decoder_options"), config.args)) | {k.arg: k.value for k in config.keywords}
    decoder, options = given.get("decoder"), given.get("decoder_options")
    if isinstance(decoder, ast.Constant) and _HARDWARE.search(str(decoder.value)):
        raise NotApplicable(f"{decoder.value} decodes by hardware")
    entry = f'"threads": "{threads}"'
    if options is None:
        at.add_keyword(config, "decoder_options", f"{{{entry}}}")
        return
    if isinstance(options, ast.Constant) and options.value is None:
        at.replace_node(options, f"{{{entry}}}")
        return
    if not isinstance(options, ast.Dict) or not all(isinstance(k, ast.Constant) for k in options.keys):
        raise NotApplicable("the options of its decoder are not written where it is configured")
    now = next((v for k, v in zip(options.keys, options.values) if k.value == "threads"), None)
    if now is None:
        opening = at.start(options) + 1
        at.insert(opening, f"{entry}, " if options.keys else entry)
    elif not isinstance(now, ast.Constant):
        raise NotApplicable("where the number of its decoder's threads comes from is not written there")
    elif now.value == str(threads):
        raise NotApplicable(f"its decoders have {threads} threads already")
    else:
        at.replace_node(now, f'"{threads}"')
