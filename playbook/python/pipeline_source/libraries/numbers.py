"""Numbers that the standard library gives: conversions, minima, processors, the environment."""

from __future__ import annotations

import ast
import os
from dataclasses import dataclass

from ..flow.evaluator import Evaluator
from ..sources.project import Project
from ..values.values import Computed, Concrete, Frame, UNKNOWN_NUMBER, Unknown, Value, concrete, is_number

_NUMERIC = {"min": min, "max": max, "round": round, "abs": abs, "int": int, "float": float, "len": len, "sum": sum}


@dataclass(eq=False)
class LibraryNumbers:
    """A conversion that changes nothing leaves a number its home."""

    _project: Project
    _evaluator: Evaluator

    def of_call(self, name: str, node: ast.Call, frame: Frame) -> list[Value] | None:
        """None where the call is no such one."""
        if name in ("os.cpu_count", "multiprocessing.cpu_count", "os.process_cpu_count"):
            return [Computed(os.cpu_count() or 1, node, frame)]
        if name == "os.sched_getaffinity":
            count = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
            return [Concrete(list(range(count)))]
        if name in ("os.environ.get", "os.getenv") or name == "os.environ.setdefault" and len(node.args) == 2:
            return self._environment(node, frame)
        last = name.rpartition(".")[2]
        if name.startswith("builtins.") and last in _NUMERIC:
            return self._numeric(last, node, frame)
        if name == "builtins.bool" and node.args:
            truth = self._evaluator.truth(node.args[0], frame)
            return [Unknown("bool")] if truth is None else [Computed(truth, node, frame)]
        return None

    def _environment(self, node: ast.Call, frame: Frame) -> list[Value]:
        name = self._evaluator.number(node.args[0], frame) if node.args else None
        given = self._project.launch.environment.get(name) if isinstance(name, str) else None
        if given is not None:
            return [Computed(given, node, frame)]
        default = (
            node.args[1] if len(node.args) > 1 else next((k.value for k in node.keywords if k.arg == "default"), None)
        )
        value = self._evaluator.number(default, frame) if default is not None else None
        return [Unknown("environment")] if value is UNKNOWN_NUMBER else [Computed(value, node, frame)]

    def _numeric(self, name: str, node: ast.Call, frame: Frame) -> list[Value]:
        groups = [self._evaluator.evaluate(a, frame) for a in node.args]
        if name in ("int", "float") and len(groups) == 1:
            for value in groups[0]:
                if isinstance(value, Concrete) and is_number(value.value) and float(value.value) == int(value.value):
                    # A conversion that changes nothing: the number's home stays where it is.
                    return [value]
        values = [concrete(g) for g in groups]
        if not values or UNKNOWN_NUMBER in values or node.keywords:
            return [Unknown(name)]
        try:
            return [Computed(_NUMERIC[name](*values), node, frame)]
        except (TypeError, ValueError):
            return [Unknown(name)]
