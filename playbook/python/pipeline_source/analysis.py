"""All that is known about a source directory: pipelines, loop, knobs; as the Survey that survey.ts describes."""

from __future__ import annotations

import ast
import re

from .flow.dataflow import Flow
from .knobs.knob_names import KnobNames
from .knobs.knobs import KnobFinder
from .knobs.knobs_by_name import KnobsByName
from .libraries.registries import unfollowed
from .loops.iterables import Iterables
from .loops.loop import Loop
from .loops.loop_choice import LoopChoice
from .loops.loop_finder import LoopFinder
from .loops.phases import Phases
from .loops.places import Places
from .loops.streams import Streams
from .loops.training_loop import training_loop
from .loops.windows import Windows
from .pipeline_facts import Found, PipelineFacts
from .sources.project import Project
from .sources.syntax import PASS_THROUGH_HELPERS, is_inserted
from .stages.builder_steps import BuilderSteps
from .stages.config_steps import ConfigSteps
from .stages.stages import StageReader
from .values.values import FileRef, Pipeline

_BUILDING_CALLS = {
    "build",
    "build_pipeline",
    "run_pipeline_in_subprocess",
    "run_pipeline_in_subinterpreter",
    "DataLoader",
    "PyTorchDataLoader",
    "get_pytorch_dataloader",
    "_autoresearch_continued",
    "_autoresearch_subprocess",
    "_autoresearch_subprocess_loader",
}
# As in domain/proposals/best-practices.ts: both are held against test/fixtures/video-words.json.
_VIDEO = re.compile(
    r"demux_video|decode_video|load_video|read_video|decode_packets_nvdec|nvdec|"
    r"VideoReader|VideoCapture|VideoPackets|VideoDecoder|\b(?:decord|torchcodec|pyav)\b|\.(?:mp4|webm|mkv|avi)\b",
    re.I,
)
_INSTRUMENTED = re.compile(r"\[autoresearch\]\s*(?:step=|ttfb_s)|\[autoresearch\] timing")


class Analysis:
    def __init__(
        self, source_dir: str, script: str, launch_command: str, overlay: dict[str, str] | None = None
    ) -> None:
        self.project = Project(source_dir, script, launch_command, overlay)
        self.flow = Flow(self.project)
        self.reader = StageReader(self.flow, BuilderSteps(self.flow), ConfigSteps(self.flow))
        self.streams = Streams(self.flow)
        self.iterables = Iterables(self.flow, self.streams)
        self.phases = Phases(self.flow, self.streams)
        self.knobs = KnobFinder(self.flow, KnobNames(self.flow))
        self.problems: list[str] = self.project.problems
        self.loop, self.loop_problem = self._training_loop()
        self.found = self._find_pipelines()
        facts = PipelineFacts(self)
        for index, found in enumerate(self.found):
            found.facts = facts.of(index, found)
        self._read_remaining_configs()
        KnobsByName(self.flow, self.knobs).find([c for c in self.flow.configs.files.values() if c is not None])
        self.problems += unfollowed(self.flow.registries.registrations, self.flow.instances, [f.pipeline for f in self.found])
        if self.flow.evaluator.gave_up:
            self.problems.append(
                "the code is too large to be followed in full; what was not followed in time is left alone"
            )
        for path, reason in self.flow.configs.problems.items():
            self.problems.append(f"configuration file {reason}")

    def _training_loop(self) -> tuple[Loop | None, str]:
        """The loop to time, and why there is none."""
        places = Places(self.flow)
        windows = Windows(self.flow, self.streams, self.iterables, places)
        choice = LoopChoice(self.flow, self.streams, self.phases)
        finder = LoopFinder(self.flow, self.streams, self.iterables, places, windows, self.phases, choice)
        chosen = training_loop(finder.find(), choice)
        self.problems += chosen.problems
        return chosen.loop, chosen.why_none

    @property
    def instrumented(self) -> bool:
        return any(_INSTRUMENTED.search(m.text) for m in self.project.modules)

    # -- pipelines --------------------------------------------------------------------------------------------------

    def _find_pipelines(self) -> list[Found]:
        pipelines: list[Pipeline] = []
        calls: set[int] = set()

        def take(pipeline: Pipeline) -> None:
            if id(pipeline.call) not in calls and hasattr(pipeline.call, "lineno"):
                calls.add(id(pipeline.call))
                pipelines.append(pipeline)

        for pipeline in self.loop.pipelines if self.loop else []:
            take(pipeline)
        for module in self.project.modules:
            for node in ast.walk(module.tree):
                if not isinstance(node, ast.Call) or is_inserted(module, node):
                    continue
                name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
                if name in _BUILDING_CALLS:
                    for value in self.flow.evaluate(node, self.flow.frames.at(module, node)):
                        if isinstance(value, Pipeline):
                            take(value)
        found = []
        for pipeline in pipelines:
            stages = self.reader.stages_of(pipeline)
            if stages is None:
                where = f"{pipeline.frame.module.path}:{pipeline.call.lineno}"
                self.problems.append(f"the definition of the pipeline built at {where} could not be followed")
                stages = []
            found.append(Found(pipeline, stages, self.reader.steps_of(pipeline) or []))
        return found

    def _read_remaining_configs(self) -> None:
        """Files that the code names without a reader that could be followed."""
        for module in self.project.modules:
            for node in ast.walk(module.tree):
                if isinstance(node, ast.Call) and (
                    getattr(node.func, "attr", None) or getattr(node.func, "id", "")
                ) in (
                    "open",
                    "read_text",
                    "read_bytes",
                    "load",
                    "safe_load",
                ):
                    for value in self.flow.evaluate(node, self.flow.frames.at(module, node)):
                        if isinstance(value, FileRef) and value.path.endswith((".json", ".yaml", ".yml", ".toml")):
                            self.flow.configs.root(value.path)

    def _unwrapped_iterable(self) -> ast.AST:
        """Without the calls that our own rewrites put around it."""
        node = self.loop.iterable
        while (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Name)
            and node.func.id in PASS_THROUGH_HELPERS
            and node.args
        ):
            node = node.args[0]
        return node

    # -- survey -----------------------------------------------------------------------------------------------------

    def survey(self) -> dict:
        loop = None
        if self.loop is not None:
            loop = {
                "file": self.loop.at.module.path,
                "line": self.loop.node.lineno,
                "iterable": " ".join(self.loop.module.text_of(self._unwrapped_iterable()).split()),
            }
        return {
            "script": self.project.script,
            "loop": loop,
            "instrumented": self.instrumented,
            "pipelines": [f.facts for f in self.found],
            "knobs": [k.as_json() for k in self.knobs.knobs.values()],
            "decodesVideo": any(_VIDEO.search(m.text) for m in self.project.modules),
            "problems": list(dict.fromkeys(self.problems)),
        }
