"""What calls of spdl.pipeline and spdl.dataloader stand for."""

from __future__ import annotations

import ast
from dataclasses import dataclass

from ..flow.evaluator import Evaluator
from ..sources.syntax import CONTINUED_HELPER
from ..values.made import Made
from ..values.values import Builder, ExternalCall, Frame, PipelineConfig, Unknown, Value

BUILDER_STEPS = {"add_source", "pipe", "aggregate", "disaggregate", "to", "path_variants", "add_sink"}


@dataclass(eq=False)
class SpdlCalls:
    """Our own rewrite for a subprocess is one of them."""

    _made: Made
    _evaluator: Evaluator

    def of(self, last: str, name: str, node: ast.Call, frame: Frame) -> list[Value]:
        first = node.args[0] if node.args else None
        keywords = {k.arg: k.value for k in node.keywords}
        if last == "PipelineBuilder":
            return [self._made.once(("builder", id(node), id(frame)), lambda: Builder(node, frame))]
        if last == "PipelineConfig":
            return [PipelineConfig(node, frame, False)]
        if last in ("build_pipeline", "run_pipeline_in_subprocess", "run_pipeline_in_subinterpreter"):
            kind = "build_pipeline" if last == "build_pipeline" else "subprocess"
            definition = first or keywords.get("pipeline_cfg") or keywords.get("config_or_builder")
            return [self._made.pipeline(kind, node, frame, (definition, frame) if definition is not None else None)]
        if last == "DataLoader":
            return [self._made.pipeline("dataloader", node, frame, None)]
        if last in ("PyTorchDataLoader", "get_pytorch_dataloader"):
            return [self._made.pipeline("pytorch_dataloader", node, frame, None)]
        if last in ("CacheDataLoader", "cache_iterator"):
            inner = first or keywords.get("dl") or keywords.get("src")
            return self._evaluator.evaluate(inner, frame) if inner is not None else [Unknown(last)]
        if last in ("iterate_in_subprocess", "iterate_in_subinterpreter"):
            return self._iterated(node, frame)
        return [ExternalCall(name, node, frame)]

    def subprocess_helper(self, name: str, node: ast.Call, frame: Frame) -> list[Value]:
        """Our own rewrites for MTP and for a pipeline that goes on over epochs."""
        if name == "_autoresearch_subprocess_loader":
            return [self._made.pipeline("subprocess_dataloader", node, frame, None)]
        kind = "subprocess"
        if name == CONTINUED_HELPER and not any(k.arg == "make" for k in node.keywords):
            kind = "build_pipeline"
        return [self._made.pipeline(kind, node, frame, (node.args[0], frame) if node.args else None)]

    def _iterated(self, node: ast.Call, frame: Frame) -> list[Value]:
        found: list[Value] = []
        for callee in self._evaluator.evaluate(node.args[0], frame) if node.args else []:
            call = self._made.once(("iterated", id(node)), lambda: ast.Call(node.args[0], [], []))
            found += self._evaluator.call(callee, [(call, frame)])
        return found or [Unknown("iterate_in_subprocess")]


def spdl_name(name: str) -> str | None:
    """Last part of a dotted name of SPDL's pipeline and dataloader packages."""
    if name.startswith(("spdl.pipeline", "spdl.dataloader")):
        return name.rpartition(".")[2]
    return None
