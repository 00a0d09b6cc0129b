"""Names of numbers that say how much of each item a job takes: seconds of a clip, frames of a video.

Turning them changes what is trained on, however much faster it loads. A constant that only other constants are worked
out from is the shape of something.
"""

from __future__ import annotations

import ast
import re

_ITEM = r"(?:clip|segment|snippet|excerpt|crop|audio|video|wave?form|utterance|speech|sound|sample)s?"
_SIZE = r"(?:len(?:gth)?|dur(?:ation)?|secs?|seconds?|frames?)"
_UNIT = r"(?:_(?:s|secs?|seconds?|ms|frames?))?"
_LENGTH = re.compile(
    rf"^(?:\w+_)?{_ITEM}(?:_?{_SIZE}{_UNIT}|_m?s)$|^{_SIZE}_per_{_ITEM}$|"
    rf"^(?:num_?|n_?|max_)?frames(?:_per_{_ITEM})?$|^(?:max_)?duration{_UNIT}$"
)
# A pause, a filter, a step from one item to the next: not how much of one is taken.
_OTHERWISE = re.compile(
    r"(?:^|_)(?:min|stride|hop|skip|offset|overlap|gap|sleep|wait|timeout|warm_?up|step|total|log|val|valid|eval|test)(?:_|$)"
)


def is_item_length(name: str) -> bool:
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).replace("-", "_").lower().strip("_")
    return bool(_LENGTH.match(spaced)) and not _OTHERWISE.search(spaced)


_TAKES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.Call)


def is_taken(modules, name: str) -> bool:
    """Whether a function or a call takes the constant of that name, wherever it is imported to."""
    return any(
        isinstance(node, (ast.Name, ast.Attribute))
        and isinstance(node.ctx, ast.Load)
        and getattr(node, "id", getattr(node, "attr", "")) == name
        and any(isinstance(parent, _TAKES) for parent in module.ancestors(node))
        for module in modules
        if name in module.text
        for node in ast.walk(module.tree)
    )
