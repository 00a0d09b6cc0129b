"""Reads {source_dir, script, launch_command, moves} as JSON on stdin and prints the Survey that survey.ts describes.

Ends with exit code 3, and the reason on stderr, when the source cannot be worked on at all.
"""

import json
import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
sys.setrecursionlimit(20_000)

from pipeline_source.analysis import Analysis  # noqa: E402
from pipeline_source.moves import possible_moves  # noqa: E402
from pipeline_source.sources.project import SourceRefused  # noqa: E402


def main() -> int:
    request = json.load(sys.stdin)
    try:
        analysis = Analysis(request["source_dir"], request["script"], request["launch_command"])
    except SourceRefused as error:
        print(error, file=sys.stderr)
        return 3
    answer = analysis.survey()
    if request.get("moves"):
        answer["moves"] = possible_moves(analysis)
    json.dump(answer, sys.stdout)
    return 0


if __name__ == "__main__":
    sys.exit(main())
