"""A number that tunes a pipeline, and its home."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field

from ..values.values import (
    Frame,
    Leaf,
)


@dataclass(eq=False)
class Home:
    """Where a number stands: exactly one of the three is set."""

    value: float
    flag: object = None
    leaf: Leaf | None = None
    node: ast.AST | None = None
    frame: Frame | None = None
    # A keyword that is absent: setting it inserts it into this call.
    missing: tuple[ast.Call, str] | None = None
    confidence: str = "dataflow"

    @property
    def key(self):
        if self.flag is not None:
            return ("flag", id(self.flag))
        if self.leaf is not None:
            return ("leaf", self.leaf.config.path, self.leaf.pointer)
        if self.missing is not None:
            return ("missing", id(self.missing[0]), self.missing[1])
        return ("node", id(self.node))


@dataclass(eq=False)
class Knob:
    id: str
    role: str
    home: Home
    stages: list[str] = field(default_factory=list)
    pipelines: list[int] = field(default_factory=list)

    def as_json(self) -> dict:
        home = self.home
        if home.flag is not None:
            where: dict = {"type": "flag", "flag": home.flag.spelling or home.flag.name}
        elif home.leaf is not None:
            where = {"type": "config", "file": home.leaf.config.path, "pointer": home.leaf.pointer}
        else:
            at = home.missing[0] if home.missing else home.node
            where = {"type": "code", "file": home.frame.module.path, "line": at.lineno}
        return {
            "id": self.id,
            "role": self.role,
            "stage": self.stages[0] if len(set(self.stages)) == 1 else None,
            "pipeline": self.pipelines[0] if self.pipelines else None,
            "where": where,
            "value": home.value,
            "confidence": home.confidence,
            # Of other knobs that is plain.
            **({"whole": isinstance(home.value, int)} if self.role == "item_length" else {}),
        }
