"""Adds timing to the training loop: a marked block after the imports, and a call around the loop's iterable."""

from __future__ import annotations

import ast
from pathlib import Path

from ..sources.syntax import WINDOW_HELPER, own_statements, simple_name
from ..values.values import Generator, Instance, Pipeline
from .edits import Edits, RewriteRefused

WAY_OUT = "print the [autoresearch] lines yourself (docs/instrumentation.md) with --skip-instrument, or give --metric"
INLINED = Path(__file__).resolve().parents[2] / "inlined"


def instrument(analysis) -> tuple[dict[str, str], str]:
    loop = require_loop(analysis)
    hint = ", batch_is_list=True" if _yields_lists(analysis, loop) else ""
    edits: dict[object, Edits] = {}
    if loop.kind == "get_item":
        _lead_call(edits_of(edits, loop.module), loop.iterable, "_autoresearch_timed_call(")
    elif loop.kind == "window":
        if isinstance(loop.iterable, ast.Call):
            _lead_call(edits_of(edits, loop.module), loop.iterable, f"{WINDOW_HELPER}(")
        else:
            wrap_in(edits_of(edits, loop.module), loop.iterable, f"{WINDOW_HELPER}(lambda: ", ")")
    else:
        for node, frame in loop.sources:
            options = hint + phase_option(analysis, node, frame)
            wrap_in(edits_of(edits, frame.module), node, "_autoresearch_timed(", f"{options})")
    block = (INLINED / "timing.py").read_text("utf-8")
    for module, at in edits.items():
        at.insert_block(block)
    files = {m.path: at.result() for m, at in edits.items()}
    return files, f"timing added to the loop at {loop.at.module.path}:{loop.node.lineno}"


def require_loop(analysis):
    if analysis.loop is None:
        raise RewriteRefused(f"{analysis.loop_problem}; {WAY_OUT}")
    if len({f.module.path for _, f in analysis.loop.makers}) > 1:
        raise RewriteRefused(f"the iterator of the training loop is made in several files; {WAY_OUT}")
    return analysis.loop


def phase_option(analysis, node: ast.AST, frame) -> str:
    """`loaders[phase]` gives training and evaluation in turn: which one, the job tells when it runs."""
    phase = analysis.phases.phase_of(node, frame)
    return "" if phase is None else f", phase={frame.module.text_of(phase)}"


def _lead_call(at: Edits, call: ast.Call, helper: str) -> None:
    """`f(x)` becomes `helper(f, x)`."""
    opening = at.end(call.func)
    at.insert(at.start(call), helper)
    bracket = at.module.source.data.index(b"(", opening)
    at.replace(bracket, bracket + 1, ", " if call.args or call.keywords else "")


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
    return all(_is_as_made(analysis.flow, v) for v in analysis.flow.evaluate(loop.iterable, loop.frame))


def _is_as_made(flow, value, depth: int = 0) -> bool:
    """Whether a value gives a pipeline's items as they are: the pipeline itself, or what only passes them on."""
    if isinstance(value, Pipeline):
        return True
    if isinstance(value, Instance):
        method = flow.classes.find_method(value.cls, "__iter__")
        if method is None or depth >= 4:
            return False
        return _passes_on(flow, method.node, flow.method_frames.of(value, value.cls, method.node), depth)
    if not isinstance(value, Generator) or depth >= 4:
        return False
    return _passes_on(flow, value.function.node, value.frame, depth)


def _passes_on(flow, function: ast.AST, frame, depth: int) -> bool:
    """`yield from pipeline`, `for batch in pipeline: yield batch`, and nothing else that is yielded."""
    statements = own_statements(function)
    given: list[ast.AST] = [s.value for s in statements if isinstance(s, ast.YieldFrom)]
    loops = [s for s in statements if isinstance(s, ast.For) and isinstance(s.target, ast.Name)]
    for each in [s.value for s in statements if isinstance(s, ast.Yield)]:
        loop = next((l for l in loops if isinstance(each, ast.Name) and l.target.id == each.id), None)
        if loop is None:
            return False
        given.append(loop.iter)
    if not given:
        given = [s.value for s in statements if isinstance(s, ast.Return) and s.value is not None]
    return bool(given) and all(_is_as_made(flow, v, depth + 1) for g in given for v in flow.evaluate(_under_iter(g), frame))


def _under_iter(node: ast.AST) -> ast.AST:
    is_iter = isinstance(node, ast.Call) and simple_name(node.func) == "iter" and len(node.args) == 1
    return node.args[0] if is_iter else node
