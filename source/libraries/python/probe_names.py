"""Asks the libraries themselves about names that reading did not find: they are imported, the user's code is not.

stdin:  [{"kind", "name", "asked": [module, name...], "is_conditional"}]
stdout: [the nearest names where the name is a mistake, null where it is there, or where that cannot be told]
"""

import importlib.util
import inspect
import json
import os
import sys
import warnings

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from installed_api.nearest import is_near, is_slip, nearest  # noqa: E402

# A library's own path only, from here on.
sys.path.pop(0)


def mistake(problem):
    asked, kind, name = problem["asked"], problem["kind"], problem["name"]
    try:
        found = importlib.import_module(asked[0])
        for step in asked[1:] if kind == "keyword" else asked[1:-1]:
            found = getattr(found, step)
    except Exception:
        return None
    if kind == "keyword":
        choices = keywords(found)
        is_there = choices is None or name in choices
    else:
        choices = dir(found)
        is_there = hasattr(found, name) or is_module("%s.%s" % (asked[0], name))
    public = [] if is_there else [each for each in choices if not each.startswith("_")]
    return nearest(name, public) if is_likely(name, public, problem["is_conditional"]) else None


def is_likely(name, choices, is_conditional):
    """What comes near no name is of another build rather than a slip, the more so under a condition."""
    return is_slip(name, choices) or (not is_conditional and is_near(name, choices))


def is_module(dotted):
    try:
        return importlib.util.find_spec(dotted) is not None
    except Exception:
        return False


def keywords(called):
    """None where it takes any, or does not tell."""
    try:
        parameters = inspect.signature(called).parameters.values()
    except (TypeError, ValueError):
        return None
    if any(each.kind is inspect.Parameter.VAR_KEYWORD for each in parameters):
        return None
    kinds = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
    return [each.name for each in parameters if each.kind in kinds]


def main():
    warnings.simplefilter("ignore")
    problems = json.loads(sys.stdin.buffer.read().decode("utf-8"))
    # A library may print while it is imported.
    answer, sys.stdout = sys.stdout, open(os.devnull, "w")
    found = [mistake(problem) for problem in problems]
    answer.write(json.dumps(found))
    answer.flush()
    # Threads that an import has started hold nothing up.
    os._exit(0)


if __name__ == "__main__":
    main()
