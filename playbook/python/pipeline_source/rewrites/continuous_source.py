"""One pipeline for all epochs: its source goes on where one ends, and the next does not begin with empty buffers."""

from __future__ import annotations

import ast

from ..sources.syntax import CONTINUED_HELPER, simple_name
from ..stages.epochs import is_come_to_again, require_same_epochs
from ..stages.operations import NotApplicable
from ..stages.upstream import pipelines_before
from ..values.values import Instance, Pipeline
from .edits import Edits
from .instrument import edits_of
from .measure_headspace import steps_taken
from .mtp import as_config_call, feeding
from .stage_edits import text_files, with_helper
from .subprocess_moves import halves

_OWN = "_autoresearch_subprocess"
_MARK = "_autoresearch_continued = "


def continuous_source(analysis) -> tuple[dict[str, str], str]:
    """A pipeline that is built in each epoch is built once; a subprocess that begins anew in each epoch goes on."""
    fed = feeding(analysis)
    if len(fed) > 1:
        raise NotApplicable("several pipelines feed the loop")
    _require_whole_epochs(analysis)
    found = fed[0]
    kind = found.pipeline.kind
    is_own = simple_name(found.pipeline.call.func) == _OWN
    if simple_name(found.pipeline.call.func) == CONTINUED_HELPER:
        raise NotApplicable("it goes on from epoch to epoch already")
    if (kind in ("build", "build_pipeline") or is_own) and not pipelines_before(analysis, found):
        return _built_once(analysis, found, is_own)
    return _goes_on(analysis)


def _built_once(analysis, found, is_own: bool) -> tuple[dict[str, str], str]:
    pipeline = found.pipeline
    module, call = pipeline.frame.module, pipeline.call
    if _is_continuous(analysis, found):
        raise NotApplicable("its source goes on already")
    if not is_come_to_again(analysis, module, call):
        raise NotApplicable("the pipeline is built once")
    if any(s.kind == "to" for s in found.steps):
        raise NotApplicable("the pipeline has regions (.to(...)), which say where its stages run")
    require_same_epochs(analysis, found)
    edits: dict[object, Edits] = {}
    at = with_helper(edits, module, "continued.py", _MARK)
    if pipeline.kind == "build":
        as_config_call(at, call, CONTINUED_HELPER)
    else:
        at.replace_node(call.func, CONTINUED_HELPER)
    if is_own:
        at.add_keyword(call, "make", _OWN)
    return text_files(edits), f"the pipeline at {module.path}:{call.lineno} is built once and goes on over all epochs"


def _goes_on(analysis) -> tuple[dict[str, str], str]:
    """In a subprocess that is started once, each epoch builds the pipeline anew unless its source goes on."""
    back, _ = halves(analysis)
    pipeline = back.pipeline
    if simple_name(pipeline.call.func) != "run_pipeline_in_subprocess":
        raise NotApplicable(f"it is run by {simple_name(pipeline.call.func)}")
    if is_come_to_again(analysis, pipeline.frame.module, pipeline.call):
        raise NotApplicable("each epoch has a new subprocess")
    loop = analysis.loop
    if loop is None or not is_come_to_again(analysis, loop.at.module, loop.node, within=loop.node):
        raise NotApplicable("the loop goes through it once, as far as can be seen")
    if _is_continuous(analysis, back):
        raise NotApplicable("its source goes on already")
    require_same_epochs(analysis, back)
    step = next(s.step for s in back.stages if s.kind == "source")
    edits: dict[object, Edits] = {}
    at = edits_of(edits, step.frame.module)
    node = step.argument(1, "continuous")
    if node is not None:
        at.replace_node(node, "True")
    else:
        at.add_keyword(step.call, "continuous", "True")
    where = f"{step.frame.module.path}:{step.call.lineno}"
    return text_files(edits), f"the source at {where} goes on from epoch to epoch"


def _is_continuous(analysis, found) -> bool:
    step = next((s.step for s in found.stages if s.kind == "source" and s.step is not None), None)
    node = step.argument(1, "continuous") if step is not None and step.kind == "add_source" else None
    return node is not None and analysis.flow.truth(node, step.frame) is not False


def _require_whole_epochs(analysis) -> None:
    """What an epoch left over would come in the next one."""
    loop = analysis.loop
    if loop is None or loop.kind != "for" or not isinstance(loop.node, ast.For):
        raise NotApplicable("the loop is no for statement over the pipeline")
    if any(isinstance(n, (ast.Break, ast.Return)) for s in loop.node.body for n in ast.walk(s)):
        raise NotApplicable("the loop may end before its epoch does")
    if steps_taken(analysis, loop) is not None:
        raise NotApplicable("the loop takes so many steps of an epoch, and may leave some")
    for value in analysis.flow.evaluate(loop.iterable, loop.frame):
        if not isinstance(value, Pipeline) and not _only_passes_on(analysis, value):
            raise NotApplicable("what stands between the pipeline and the loop may leave items of an epoch")


def _only_passes_on(analysis, value) -> bool:
    """An object whose __iter__ gives the pipeline's iterator, and does nothing else."""
    method = analysis.flow.classes.find_method(value.cls, "__iter__") if isinstance(value, Instance) else None
    if method is None or len(method.node.body) != 1:
        return False
    statement = method.node.body[0]
    inner = statement.value if isinstance(statement, (ast.Return, ast.Expr)) else None
    given = inner.value if isinstance(inner, ast.YieldFrom) else inner
    if isinstance(given, ast.Call) and simple_name(given.func) == "iter" and len(given.args) == 1:
        given = given.args[0]
    if given is None or isinstance(given, ast.Call):
        return False
    frame = analysis.flow.method_frames.of(value, value.cls, method.node)
    values = analysis.flow.evaluate(given, frame)
    return bool(values) and all(isinstance(v, Pipeline) for v in values)
