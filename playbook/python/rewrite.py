"""Reads {source_dir, script, launch_command, actions} as JSON on stdin and prints the RewriteResult of survey.ts.

Actions are applied in order, each to what the ones before it made; one that is refused changes nothing.
"""

import json
import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
sys.setrecursionlimit(20_000)

from pipeline_source.analysis import Analysis  # noqa: E402
from pipeline_source.rewrites.edits import RewriteRefused  # noqa: E402
from pipeline_source.rewrites.measure_headspace import headspace  # noqa: E402
from pipeline_source.rewrites.instrument import instrument  # noqa: E402
from pipeline_source.moves import OF_PIPELINES, OF_STAGES, apply_move  # noqa: E402
from pipeline_source.sources.project import SourceRefused  # noqa: E402
from pipeline_source.rewrites.set_knob import set_knob  # noqa: E402


def apply_action(analysis: Analysis, action: dict) -> tuple[dict[str, str], str]:
    kind = action["type"]
    if kind == "instrument":
        return ({}, "the code is instrumented already") if analysis.instrumented else instrument(analysis)
    if kind == "headspace":
        if action.get("fed") and not (analysis.loop and analysis.loop.pipelines):
            raise RewriteRefused("no SPDL pipeline was seen to feed the training loop")
        return headspace(analysis, action.get("steps"))
    if kind == "set":
        return set_knob(analysis, action["knob"], action["value"])
    if kind in OF_STAGES or kind in OF_PIPELINES:
        return apply_move(analysis, kind, {key: value for key, value in action.items() if key != "type"})
    raise RewriteRefused(f"unknown action {kind!r}")


def name_of(action: dict) -> str:
    return " ".join(str(v) for v in action.values())


def main() -> int:
    request = json.load(sys.stdin)
    files: dict[str, str] = {}
    done: list[str] = []
    refused: list[dict[str, str]] = []
    for action in request["actions"]:
        try:
            analysis = Analysis(request["source_dir"], request["script"], request["launch_command"], files)
            changed, said = apply_action(analysis, action)
        except (RewriteRefused, SourceRefused) as error:
            refused.append({"action": name_of(action), "reason": str(error)})
        else:
            files.update(changed)
            done.append(said)
    json.dump({"files": files, "done": done, "refused": refused}, sys.stdout)
    return 0


if __name__ == "__main__":
    sys.exit(main())
