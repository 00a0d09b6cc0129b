"""Adds timing to the training loop: a marked block after the imports, and a call around the loop's iterable."""

from __future__ import annotations

import ast
from pathlib import Path

from .edits import Edits, RewriteRefused

INLINED = Path(__file__).resolve().parent.parent / "inlined"


def instrument(analysis) -> tuple[dict[str, str], str]:
    loop = require_loop(analysis)
    hint = ", batch_is_list=True" if _yields_lists(analysis, loop) else ""
    edits: dict[object, Edits] = {}
    if loop.kind == "get_item":
        at = edits_of(edits, loop.module)
        call = loop.iterable
        opening = at.end(call.func)
        at.insert(at.start(call), "_autoresearch_timed_call(")
        text = loop.module.text.encode("utf-8")
        bracket = text.index(b"(", opening)
        at.replace(bracket, bracket + 1, ", " if call.args or call.keywords else "")
    elif loop.kind == "next":
        for maker, frame in loop.makers:
            wrap_in(edits_of(edits, frame.module), maker, "_autoresearch_timed(", f"{hint})")
    else:
        wrap_in(edits_of(edits, loop.module), loop.iterable, "_autoresearch_timed(", f"{hint})")
    block = (INLINED / "timing.py").read_text("utf-8")
    for module, at in edits.items():
        at.insert_block(block)
    files = {m.path: at.result() for m, at in edits.items()}
    return files, f"timing added to the loop at {loop.module.path}:{loop.node.lineno}"


def require_loop(analysis):
    if analysis.loop is None:
        raise RewriteRefused("no loop over the output of an SPDL pipeline was found in the script and what it imports")
    if len({f.module.path for _, f in analysis.loop.makers}) > 1:
        raise RewriteRefused("the iterator of the training loop is made in several files")
    return analysis.loop


def wrap_in(edits: Edits, node: ast.AST, before: str, after: str) -> None:
    """Wraps an expression as the argument of a call; one without own parentheses gets them where a call needs them."""
    if isinstance(node, (ast.GeneratorExp, ast.Tuple)) or isinstance(node, ast.NamedExpr):
        before, after = before + "(", ")" + after
        if isinstance(node, ast.GeneratorExp):
            before, after = before[:-1], after[1:]
    edits.wrap(node, before, after)


def edits_of(edits: dict, module) -> Edits:
    if module not in edits:
        edits[module] = Edits(module)
    return edits[module]


def _yields_lists(analysis, loop) -> bool:
    """The loop gets what an aggregate stage made, as it is: a list of samples."""
    if not loop.pipelines:
        return False
    for pipeline in loop.pipelines:
        stages = next((f.stages for f in analysis.found if f.pipeline.call is pipeline.call), [])
        inner = [s for s in stages if s.kind not in ("source", "sink")]
        if not inner or inner[-1].kind != "aggregate":
            return False
    from .values import Pipeline

    return all(isinstance(v, Pipeline) for v in analysis.flow.evaluate(loop.iterable, loop.frame))
