"""Holds edited Python files against the installed libraries; imports none of them, and executes nothing.

stdin:  {"roots": [name], "sources": [{"path", "before": text or null, "after": text}]}
stdout: [{"path", "line", "kind", "of", "name", "nearest": [name], "asked": [module, name...], "is_sure", "is_conditional"}]

What is not sure is for probe_names.py to decide.
"""

import json
import os
import sys
import warnings

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
sys.setrecursionlimit(10_000)

from installed_api.libraries import Libraries  # noqa: E402
from installed_api.nearest import nearest  # noqa: E402
from installed_api.public_modules import public_names  # noqa: E402
from installed_api.uses import Uses  # noqa: E402


def problems_in(libraries, roots, text):
    try:
        return Uses(libraries, roots, text).problems
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        # Whether it compiles is asked elsewhere.
        return []


def key(problem):
    return problem.kind, problem.of, problem.name


def others(libraries, of):
    root = of.split(".")[0]
    return [dotted for dotted in public_names(libraries, root) if dotted.rpartition(".")[0] != of]


def checked(libraries, roots, source):
    before = {key(problem) for problem in problems_in(libraries, roots, source["before"] or "")}
    seen = set(before)
    for problem in problems_in(libraries, roots, source["after"]):
        if key(problem) in seen:
            continue
        seen.add(key(problem))
        elsewhere = [] if problem.kind == "keyword" else others(libraries, problem.of)
        yield {
            "path": source["path"],
            "line": problem.line,
            "kind": problem.kind,
            "of": problem.of,
            "name": problem.name,
            "nearest": nearest(problem.name, problem.choices, elsewhere),
            "asked": problem.path,
            "is_sure": problem.is_sure,
            "is_conditional": problem.is_conditional,
        }


def main():
    warnings.simplefilter("ignore")
    request = json.loads(sys.stdin.buffer.read().decode("utf-8"))
    libraries, roots = Libraries(), request["roots"]
    found = [problem for source in request["sources"] for problem in checked(libraries, roots, source)]
    sys.stdout.write(json.dumps(found))


if __name__ == "__main__":
    main()
