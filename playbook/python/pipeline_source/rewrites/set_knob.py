"""Sets a knob where it stands: in the code or in a configuration file. Flags are set by the launch command instead."""

from __future__ import annotations

from ..configs.config_files import ConfigRefused, set_leaf
from .edits import Edits, RewriteRefused

_LEAST = {"stage_concurrency": 1, "num_threads": 1, "batch_size": 1, "sink_buffer": 1, "stage_buffer": 1, "prefetch": 1}


def set_knob(analysis, knob_id: str, value: float) -> tuple[dict[str, str], str]:
    knob = next((k for k in analysis.knobs.knobs.values() if k.id == knob_id), None)
    if knob is None:
        known = ", ".join(k.id for k in analysis.knobs.knobs.values()) or "none"
        raise RewriteRefused(f"there is no knob {knob_id!r}; known: {known}")
    least = _LEAST.get(knob.role, 0)
    if value < least:
        raise RewriteRefused(f"{knob_id} = {value:g}: SPDL accepts no {knob.role} below {least}")
    home = knob.home
    value = int(value) if float(value).is_integer() and not isinstance(home.value, float) else float(value)
    if home.flag is not None:
        raise RewriteRefused(f"{home.flag.name} is a flag of the launch command: add {home.flag.name} {value} to it")
    said = f"{knob_id}: {home.value:g} -> {value}"
    if home.leaf is not None:
        try:
            return {home.leaf.config.path: set_leaf(home.leaf.config, home.leaf.pointer, value)}, said
        except ConfigRefused as error:
            raise RewriteRefused(str(error)) from None
    edits = Edits(home.frame.module)
    if home.missing is not None:
        edits.add_keyword(home.missing[0], home.missing[1], str(value))
    else:
        edits.replace_node(home.node, str(value))
    return {home.frame.module.path: edits.result()}, said
