"""What a stage runs: plain functions, coroutines, generators, containers; whether a move may take hold of its call."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass

from ..sources.syntax import is_generator
from ..values.values import Class, DictOf, External, ExternalCall, Function, Instance, Method, SequenceOf, Value

# Their calls return when they are done, and give one result.
_PLAIN_LIBRARIES = {
    "PIL",
    "builtins",
    "cv2",
    "gzip",
    "io",
    "json",
    "librosa",
    "math",
    "numpy",
    "operator",
    "os",
    "pathlib",
    "soundfile",
    "spdl",
    "struct",
    "torch",
    "torchvision",
    "zlib",
}
# What these make is called with an item. What another call makes may be an array or a table, whose items SPDL takes.
_MAKES_FUNCTION = re.compile(
    r"^(operator\.(itemgetter|attrgetter|methodcaller)|numpy\.vectorize|"
    r"(torchvision\.transforms(\.v2)?|torchaudio\.transforms|torch\.nn(\.modules\.\w+)?)\.[A-Z]\w*)$"
)


class NotApplicable(Exception):
    """Why a move is not for this stage or pipeline, in words."""


@dataclass(eq=False)
class Operation:
    """`functions` holds those of the project, with the object that each is bound to; a library's has none."""

    kind: str  # plain, coroutine, generator, container (of which SPDL takes __getitem__: it need not be callable)
    functions: list[tuple[Function, Value | None]]
    names: list[str]


def operation_of(flow, stage) -> Operation | None:
    """None where it is not known for certain what runs."""
    if not stage.operations:
        return None
    read = [_read(flow, value) for value in stage.operations]
    if None in read or len({kind for kind, _, _ in read}) != 1:
        return None
    return Operation(
        read[0][0],
        [(function, receiver) for _, function, receiver in read if isinstance(function, Function)],
        [each for _, each, _ in read if isinstance(each, str)],
    )


def _read(flow, value: Value, depth: int = 0):
    """(kind, function of the project or a library's name, receiver)"""
    if isinstance(value, Method):
        return _of_function(value.function, value.receiver)
    if isinstance(value, Function):
        return _of_function(value, None)
    if isinstance(value, Instance):
        looked_up = flow.classes.find_method(value.cls, "__getitem__")
        if looked_up is not None:
            return "container", looked_up, value
        method = flow.classes.find_method(value.cls, "__call__")
        return None if method is None else _of_function(method, value)
    if isinstance(value, (DictOf, SequenceOf)):
        return "container", "", None
    if isinstance(value, Class):
        return "plain", "", None
    if isinstance(value, ExternalCall) and value.name == "functools.partial" and value.node.args and depth < 4:
        inner = [_read(flow, v, depth + 1) for v in flow.evaluate(value.node.args[0], value.frame)]
        return inner[0] if len(inner) == 1 else None
    if isinstance(value, ExternalCall) and not _MAKES_FUNCTION.match(value.name):
        return None
    if isinstance(value, (External, ExternalCall)):
        name = value.name
        is_plain = name.partition(".")[0] in _PLAIN_LIBRARIES and "async" not in name
        return ("plain", name, None) if is_plain else None
    return None


def _of_function(function: Function, receiver: Value | None):
    node = function.node
    if getattr(node, "decorator_list", None):
        return None
    if isinstance(node, ast.AsyncFunctionDef):
        return None if is_generator(node) else ("coroutine", function, receiver)
    kind = "generator" if not isinstance(node, ast.Lambda) and is_generator(node) else "plain"
    return kind, function, receiver


def operation_node(stage) -> ast.AST:
    """The expression that gives the stage what it runs."""
    step = stage.step
    node = step.argument(99, stage.keyword) if stage.keyword else step.argument(0, "op")
    if node is None or step.has_spread:
        raise NotApplicable("what it runs is given by *args or **kwargs")
    return node


def require_stage(analysis, name: str):
    """(pipeline, stage) of a stage that one call adds, and that alone; raises NotApplicable with the reason."""
    fed = {id(p.call) for p in analysis.loop.pipelines} if analysis.loop else set()
    ordered = sorted(analysis.found, key=lambda f: id(f.pipeline.call) not in fed)
    named = [(f, s) for f in ordered for s in f.stages if s.kind == "pipe" and s.name == name and s.step is not None]
    if not named:
        raise NotApplicable(f"there is no stage {name!r} whose call is known")
    found, stage = named[0]
    if len([s for f, s in named if f is found]) > 1:
        raise NotApplicable(f"several stages are called {name}")
    if len([s for s in found.stages if s.step is not None and s.step.call is stage.step.call]) > 1 and not stage.keyword:
        raise NotApplicable("one call in the code adds several stages")
    if stage.step.uncertain and _is_conditional(analysis.flow, found, stage.step):
        raise NotApplicable("it is added under a condition, or in a loop, that could not be decided")
    return found, stage


def _is_conditional(flow, found, step) -> bool:
    """Whether the pipeline may be built without it, or with several of it; not where all of it is built in a loop."""
    around_all = set(map(id, found.pipeline.frame.module.ancestors(found.pipeline.call)))
    child = step.call
    for parent in step.frame.module.ancestors(step.call):
        if parent is step.frame.scope.node or id(parent) in around_all:
            return False
        if isinstance(parent, ast.If) and flow.truth(parent.test, step.frame) is None:
            return True
        runs_over = isinstance(parent, ast.For) and child is parent.iter
        if isinstance(parent, (ast.For, ast.While, ast.ExceptHandler)) and not runs_over:
            return True
        child = parent
    return False


def require_pipe(analysis, name: str):
    """A stage that a call of pipe(…) or Pipe(…) adds."""
    found, stage = require_stage(analysis, name)
    if stage.step.kind != "pipe":
        raise NotApplicable(f"it is made by {found.pipeline.kind}, not by a call of pipe()")
    if any(s.kind == "to" for s in found.steps):
        raise NotApplicable("the pipeline has regions (.to(...)), which say where its stages run")
    operation_node(stage)
    return found, stage


def given(stage, keyword: str) -> ast.AST | None:
    """The value of a keyword of the stage's call; None where it is absent or None itself."""
    node = stage.step.argument(99, keyword)
    return None if isinstance(node, ast.Constant) and node.value is None else node


def is_in_list(stage) -> bool:
    """`Pipe(…)` as an element of a list or tuple display."""
    return isinstance(stage.step.frame.module.parents.get(stage.step.call), (ast.List, ast.Tuple))


def is_chained(stage) -> bool:
    return isinstance(stage.step.call.func, ast.Attribute) and stage.step.call.func.attr == "pipe"
