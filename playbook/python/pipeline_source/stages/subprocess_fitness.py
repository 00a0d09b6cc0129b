"""Whether a pipeline can run in a subprocess (MTP), and why not."""

from __future__ import annotations

import ast
import multiprocessing

from ..sources.syntax import (
    own_statements,
)
from ..values.values import Function, Generator, Instance, Method, Value
from .daemon_processes import daemon_that_builds
from .upstream import sources_in_subprocess


def why_not_in_subprocess(analysis, found) -> tuple[bool, str]:
    """(possible, reason): the reason says what stands in the way, or how the subprocess will be started."""
    pipeline = found.pipeline
    if pipeline.kind.startswith("subprocess"):
        return False, "it runs in a subprocess already"
    if pipeline.kind == "pytorch_dataloader":
        return False, "its workers are processes already"
    if pipeline.kind == "dataloader" and not _is_plain_constructor(analysis, found):
        return False, "its DataLoader is made by a class of the project, not by spdl.dataloader.DataLoader itself"
    if sources_in_subprocess(analysis, found):
        return False, "what it reads from runs in a subprocess already"
    daemon = daemon_that_builds(analysis, found)
    if daemon is not None:
        return False, f"it is built in {daemon}, which may have no child processes"
    if not found.stages:
        return False, "its definition could not be followed"
    gpu = [s["function"] for s in _stage_gpu(analysis, found)]
    if gpu and any(s.kind == "to" for s in found.steps):
        return False, f"it has both regions (.to(...)) and stages on the GPU ({', '.join(gpu)})"
    first_work = [s for s in found.stages if s.kind not in ("source", "sink")]
    if gpu and first_work and first_work[0].name == gpu[0]:
        return False, f"its first stage, {gpu[0]}, works on the GPU, so nothing is left for a subprocess"
    shared = _shared_state(analysis, found)
    if shared:
        return False, shared
    if _set_epoch(analysis, found):
        return False, "the loop calls set_epoch() on what the pipeline reads: a subprocess would not see it"
    method = _start_method(analysis)
    if method == "fork":
        return True, "the subprocess is forked, so nothing has to be pickled" + _kept(gpu)
    unpicklable = _unpicklable(analysis, found)
    if unpicklable:
        return False, f"{unpicklable}, and the start method here is {method}, which pickles the pipeline"
    if not _has_guard(analysis):
        return False, f'the script has no `if __name__ == "__main__":` guard, and the start method here is {method}'
    return True, f"stages are importable and the start method is {method}" + _kept(gpu)


def _kept(gpu: list[str]) -> str:
    return f"; {', '.join(gpu)} stays in the main process" if gpu else ""


def _stage_gpu(analysis, found) -> list[dict]:
    from .gpu import is_gpu_stage

    return [{"function": s.name} for s in found.stages if is_gpu_stage(analysis.flow, s)]


def _is_plain_constructor(analysis, found) -> bool:
    from ..libraries.spdl_calls import spdl_name
    from ..values.values import External

    values = analysis.flow.evaluate(found.pipeline.call.func, found.pipeline.frame)
    return any(isinstance(v, External) and spdl_name(v.name) == "DataLoader" for v in values)


def _start_method(analysis) -> str:
    """What the code sets, else this platform's default (the survey runs in the target's own Python)."""
    for module in analysis.project.modules:
        for node in ast.walk(module.tree):
            if isinstance(node, ast.Call) and isinstance(node.func, (ast.Attribute, ast.Name)) and node.args:
                name = node.func.attr if isinstance(node.func, ast.Attribute) else node.func.id
                if name == "set_start_method" and isinstance(node.args[0], ast.Constant):
                    return str(node.args[0].value)
    return multiprocessing.get_context().get_start_method()


def _functions(analysis, found):
    """Functions of the project that run as stages."""
    for stage in found.stages:
        for value in stage.operations:
            yield from _function_of(analysis, value, stage)


def _function_of(analysis, value: Value, stage):
    if isinstance(value, Method):
        yield stage, value.function, value.receiver
    elif isinstance(value, Function):
        yield stage, value, None
    elif isinstance(value, Instance):
        method = analysis.flow.classes.find_method(value.cls, "__call__")
        if method is not None:
            yield stage, method, value
    elif getattr(value, "name", "") == "functools.partial" and value.node.args:
        for inner in analysis.flow.evaluate(value.node.args[0], value.frame):
            yield from _function_of(analysis, inner, stage)


def _shared_state(analysis, found) -> str | None:
    """A stage that writes what the main process reads: in a subprocess that would be lost."""
    for stage, function, receiver in _functions(analysis, found):
        if isinstance(function.node, ast.Lambda):
            continue
        for node in own_statements(function.node):
            written = [n for n in _written(function, node) if _is_read_elsewhere(analysis, function, n)]
            if written:
                return f"stage {stage.name} writes {written[0]}, which other code of the main process reads"
    return None


_ADDING = {"append", "extend", "add", "update", "setdefault", "insert"}


def _written(function: Function, node: ast.AST) -> list[str]:
    """Names outside of the function whose value, or what it holds, a statement changes."""
    if isinstance(node, (ast.Global, ast.Nonlocal)):
        return list(node.names)
    held = None
    if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store):
        held = node.value
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _ADDING:
        held = node.func.value
    if not isinstance(held, ast.Name) or held.id in function.module.scopes[function.node].bindings:
        return []
    made = [b.value for b in function.module.scope.bindings.get(held.id, []) if b.kind == "assign"]
    return [held.id] if any(_is_container(value) for value in made) else []


def _is_container(node: ast.AST | None) -> bool:
    if isinstance(node, ast.Call):
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        return name in ("list", "dict", "set", "defaultdict", "Counter", "deque", "OrderedDict")
    return isinstance(node, (ast.List, ast.Dict, ast.Set, ast.ListComp, ast.DictComp))


def _is_read_elsewhere(analysis, function: Function, name: str) -> bool:
    inside = set(map(id, ast.walk(function.node)))
    for module in analysis.project.modules:
        for node in ast.walk(module.tree):
            if (
                id(node) not in inside
                and isinstance(node, ast.Name)
                and node.id == name
                and isinstance(node.ctx, ast.Load)
            ):
                return True
    return False


def _set_epoch(analysis, found) -> bool:
    source = next((s for s in found.stages if s.kind == "source" and s.step is not None), None)
    if source is None or analysis.loop is None:
        return False
    node = source.step.argument(0, "source") or source.step.argument(0, "src")
    if node is None:
        return False
    read = {id(v) for v in analysis.flow.evaluate(node, source.step.frame)}
    for module, call in analysis.flow.index.calls.get("set_epoch", []):
        if isinstance(call.func, ast.Attribute):
            held = analysis.flow.evaluate(call.func.value, analysis.flow.frames.at(module, call))
            if any(id(v) in read for v in held):
                return not _built_in_loop(analysis, found)
    return False


def _built_in_loop(analysis, found) -> bool:
    """Built anew in each epoch, so that each subprocess starts from the state of the main process."""
    pipeline = found.pipeline
    return any(isinstance(a, (ast.For, ast.While)) for a in pipeline.frame.module.ancestors(pipeline.call))


def _unpicklable(analysis, found) -> str | None:
    for stage in found.stages:
        for value in stage.operations:
            if isinstance(value, Function):
                if isinstance(value.node, ast.Lambda):
                    return f"stage {stage.index} is a lambda"
                if value.module.scope_at(value.node).is_function:
                    return f"stage {stage.name} is a function inside a function"
            if isinstance(value, Instance) and value.cls.module.scope_at(value.cls.node).is_function:
                return f"stage {stage.name} is an object of a class inside a function"
            if isinstance(value, Method) and isinstance(value.receiver, Instance):
                held = _unpicklable_attribute(analysis, value.receiver)
                if held:
                    return f"stage {stage.name} is a method of an object that holds {held}"
    source = next((s for s in found.stages if s.kind == "source" and s.step is not None), None)
    node = source.step.argument(0, "source") if source is not None else None
    if node is not None:
        if isinstance(node, ast.GeneratorExp):
            return "the source is a generator"
        if any(isinstance(v, Generator) for v in analysis.flow.evaluate(node, source.step.frame)):
            return "the source is a generator"
    return None


def _unpicklable_attribute(analysis, receiver: Instance) -> str | None:
    for cls in analysis.flow.classes.mro(receiver.cls):
        for node in ast.walk(cls.node):
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call):
                name = (
                    node.value.func.attr
                    if isinstance(node.value.func, ast.Attribute)
                    else getattr(node.value.func, "id", "")
                )
                if name in (
                    "Lock",
                    "RLock",
                    "Thread",
                    "ThreadPoolExecutor",
                    "open",
                    "socket",
                    "local",
                    "Queue",
                    "build",
                ):
                    return f"a {name}"
    return None


def _has_guard(analysis) -> bool:
    if analysis.project.launch.module and analysis.project.main.path.endswith("__main__.py"):
        return True
    tree = analysis.project.main.tree
    guarded = any(
        isinstance(n, ast.If) and isinstance(n.test, ast.Compare) and "__name__" in ast.dump(n.test) for n in tree.body
    )
    loops = any(isinstance(n, (ast.For, ast.While, ast.With)) for n in tree.body)
    calls = any(isinstance(n, ast.Expr) and isinstance(n.value, ast.Call) for n in tree.body)
    return guarded or not (loops or calls)
