"""What calls of spdl.pipeline and spdl.dataloader stand for."""

from __future__ import annotations

import ast

from ..flow.values import (
    Builder,
    ExternalCall,
    Frame,
    Pipeline,
    PipelineConfig,
    Unknown,
    Value,
)

BUILDER_STEPS = {"add_source", "pipe", "aggregate", "disaggregate", "to", "path_variants", "add_sink"}


def spdl_name(name: str) -> str | None:
    """Last part of a dotted name of SPDL's pipeline and dataloader packages."""
    if name.startswith(("spdl.pipeline", "spdl.dataloader")):
        return name.rpartition(".")[2]
    return None


class SpdlCalls:
    """Part of Flow: SPDL itself."""

    def spdl_call(self, last: str, name: str, node: ast.Call, frame: Frame) -> list[Value]:
        first = node.args[0] if node.args else None
        keywords = {k.arg: k.value for k in node.keywords}
        if last == "PipelineBuilder":
            return [self._once(("builder", id(node), id(frame)), lambda: Builder(node, frame))]
        if last == "PipelineConfig":
            return [PipelineConfig(node, frame, False)]
        if last in ("build_pipeline", "run_pipeline_in_subprocess", "run_pipeline_in_subinterpreter"):
            kind = "build_pipeline" if last == "build_pipeline" else "subprocess"
            definition = first or keywords.get("pipeline_cfg") or keywords.get("config_or_builder")
            return [self._pipeline(kind, node, frame, (definition, frame) if definition is not None else None)]
        if last == "DataLoader":
            return [self._pipeline("dataloader", node, frame, None)]
        if last in ("PyTorchDataLoader", "get_pytorch_dataloader"):
            return [self._pipeline("pytorch_dataloader", node, frame, None)]
        if last in ("CacheDataLoader", "cache_iterator"):
            inner = first or keywords.get("dl") or keywords.get("src")
            return self.evaluate(inner, frame) if inner is not None else [Unknown(last)]
        if last in ("iterate_in_subprocess", "iterate_in_subinterpreter"):
            return self._iterated(node, frame)
        return [ExternalCall(name, node, frame)]

    def _pipeline(self, kind: str, node: ast.Call, frame: Frame, definition) -> Pipeline:
        return self._once(("pipeline", id(node), id(frame)), lambda: Pipeline(kind, node, frame, definition))

    def subprocess_helper(self, name: str, node: ast.Call, frame: Frame) -> list[Value]:
        """Our own rewrite for MTP."""
        if name == "_autoresearch_subprocess_loader":
            return [self._pipeline("subprocess_dataloader", node, frame, None)]
        return [self._pipeline("subprocess", node, frame, (node.args[0], frame) if node.args else None)]

    def _iterated(self, node: ast.Call, frame: Frame) -> list[Value]:
        found: list[Value] = []
        for callee in self.evaluate(node.args[0], frame) if node.args else []:
            call = self._once(("iterated", id(node)), lambda: ast.Call(node.args[0], [], []))
            found += self.call(callee, [(call, frame)])
        return found or [Unknown("iterate_in_subprocess")]
