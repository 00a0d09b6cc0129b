"""What an expression may stand for, as far as following the code shows. Values are compared by identity."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from typing import Any

UNKNOWN_NUMBER = object()


@dataclass(eq=False)
class Frame:
    """A scope with what its parameters stand for; `args` None means that any caller may be meant."""

    scope: Any
    parent: Frame | None = None
    args: dict[str, Any] | None = None
    self_value: Value | None = None
    # Names bound to one element of a loop that is unrolled: (expression, frame).
    fixed: dict[str, Any] = field(default_factory=dict)
    # Calls followed to get here.
    depth: int = 0

    @property
    def module(self):
        return self.scope.module

    def that_binds(self, name: str) -> Frame | None:
        """This frame, or the nearest one around it, whose scope binds a name."""
        at: Frame | None = self
        while at is not None and name not in at.scope.bindings:
            at = at.parent
        return at


@dataclass(eq=False)
class Value:
    pass


@dataclass(eq=False)
class Unknown(Value):
    reason: str = ""


@dataclass(eq=False)
class Concrete(Value):
    """Anything whose Python value is known."""

    value: Any


@dataclass(eq=False)
class InCode(Concrete):
    """The value of an expression of the code, and the expression."""

    node: ast.AST
    frame: Frame


class Literal(InCode):
    """A literal in the code."""


class Computed(InCode):
    """Worked out from an expression (arithmetic, os.cpu_count(), a conversion): its home is the expression itself."""


@dataclass(eq=False)
class Flag(Concrete):
    """A flag of the command line; `value` is what the launch command gives it, or its default."""

    definition: Any
    # False when the flag was matched by its name alone.
    followed: bool = True


@dataclass(eq=False)
class Leaf(Concrete):
    """A place in a configuration file: a scalar, or a mapping or list that further keys are looked up in."""

    config: Any
    pointer: str
    # Under which key of the whole configuration the file stands: a group of Hydra.
    package: str = ""


@dataclass(eq=False)
class DictOf(Value):
    """A dict display, or keyword arguments of dict()."""

    entries: list[tuple[Any, ast.AST]]
    # Values of `**other` in the display, tried in reverse when no key matches.
    merged: list[ast.AST]
    frame: Frame
    # Keys and spreads in the order of the code, where both are there: the later one wins. (UNKNOWN_NUMBER: a spread.)
    order: list[tuple[Any, ast.AST]] | None = None


@dataclass(eq=False)
class SequenceOf(Value):
    elements: list[ast.AST]
    frame: Frame
    node: ast.AST | None = None


@dataclass(eq=False)
class ModuleRef(Value):
    module: Any


@dataclass(eq=False)
class Namespace(Value):
    """The names of a Python file that the code reads as a configuration: a mapping."""

    module: Any


@dataclass(eq=False)
class External(Value):
    """A name of a library or of the builtins, dotted: spdl.pipeline.PipelineBuilder."""

    name: str


@dataclass(eq=False)
class Function(Value):
    node: Any
    module: Any
    frame: Frame  # in which it was defined


@dataclass(eq=False)
class Class(Value):
    node: ast.ClassDef
    module: Any
    frame: Frame


@dataclass(eq=False)
class Instance(Value):
    cls: Class
    call: ast.Call | None
    frame: Frame | None
    # Bound by a function that made it from `cls(...)`: keeps replaced fields of dataclasses.replace.
    replaced: dict[str, list[Value]] = field(default_factory=dict)


@dataclass(eq=False)
class Method(Value):
    """A function of a class, reached through a value."""

    function: Function
    receiver: Value


@dataclass(eq=False)
class Attribute(Value):
    """An attribute of something external: what `receiver.name` is depends on the library."""

    receiver: Value
    name: str
    node: ast.Attribute
    frame: Frame


@dataclass(eq=False)
class ExternalCall(Value):
    """The result of a call to a library, as yet without a meaning of its own."""

    name: str
    node: ast.Call
    frame: Frame
    receiver: Value | None = None


@dataclass(eq=False)
class FileRef(Value):
    """A file of the source directory that the code opens or has read."""

    path: str


@dataclass(eq=False)
class Arguments(Value):
    """What argparse's parse_args() returns (or vars() of it)."""


@dataclass(eq=False)
class Generator(Value):
    """A call of a generator function of the project."""

    function: Function
    frame: Frame


@dataclass(eq=False)
class Builder(Value):
    """An SPDL PipelineBuilder; `root` is the call that made it. Its stages are read from the expression at build()."""

    root: ast.Call
    frame: Frame


@dataclass(eq=False)
class PipelineConfig(Value):
    """builder.get_config() or PipelineConfig(...); `expression` is the builder's expression or the call."""

    expression: ast.AST
    frame: Frame
    from_builder: bool


@dataclass(eq=False)
class Pipeline(Value):
    """Something whose iteration yields an SPDL pipeline's output.

    kind: build, build_pipeline, subprocess, dataloader, pytorch_dataloader.
    """

    kind: str
    call: ast.Call
    frame: Frame
    # The builder's expression or the config's, with the frame to read it in.
    definition: tuple[ast.AST, Frame] | None = None


def concrete(values: list[Value]) -> Any:
    """The Python value of the first candidate that has one."""
    for value in values:
        if isinstance(value, Concrete):
            return value.value
    return UNKNOWN_NUMBER


def is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)
