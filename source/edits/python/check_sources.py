"""Compiles edited Python files with the interpreter that will run them; reads and writes JSON, executes nothing.

stdin:  [{"path", "before": text or null, "after": text}]
stdout: [{"path", "problem": {"line", "message"} or null, "dropped": [name], "dropped_but_used": [name]}]
"""

import ast
import json
import sys
import warnings


def problem_of(text, path):
    try:
        compile(text, path, "exec", dont_inherit=True)
    except SyntaxError as error:
        return {"line": error.lineno, "message": "%s: %s" % (type(error).__name__, error.msg)}
    except (ValueError, RecursionError, MemoryError, OverflowError) as error:
        return {"line": None, "message": "%s: %s" % (type(error).__name__, error)}
    return None


def statements(body):
    """Statements of a module, those in if, try and with blocks included."""
    for statement in body:
        yield statement
        for field in ("body", "orelse", "finalbody"):
            if not isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
                yield from statements(getattr(statement, field, []))
        for handler in getattr(statement, "handlers", []):
            yield from statements(handler.body)


def defined(tree):
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    return {s.name for s in statements(tree.body) if isinstance(s, kinds)}


def bound(tree):
    """Names that a module binds by any means; None where a star import may bind anything."""
    names = defined(tree)
    for statement in statements(tree.body):
        if isinstance(statement, (ast.Import, ast.ImportFrom)):
            for alias in statement.names:
                if alias.name == "*":
                    return None
                names.add((alias.asname or alias.name).split(".")[0])
        else:
            for node in ast.walk(statement):
                if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                    names.add(node.id)
    return names


def dropped(before, after):
    try:
        old, new = ast.parse(before), ast.parse(after)
    except (SyntaxError, ValueError, RecursionError):
        return [], []
    names = bound(new)
    if names is None:
        return [], []
    gone = sorted(defined(old) - names)
    used = {n.id for n in ast.walk(new) if isinstance(n, ast.Name)}
    return gone, [name for name in gone if name in used]


def check(item):
    path, before, after = item["path"], item["before"], item["after"]
    problem = problem_of(after, path)
    if problem and before is not None and problem_of(before, path):
        problem = None  # It did not compile before either: a template, or another Python's syntax.
    gone, used = dropped(before, after) if before is not None and not problem else ([], [])
    return {"path": path, "problem": problem, "dropped": gone, "dropped_but_used": used}


def main():
    warnings.simplefilter("ignore")
    items = json.loads(sys.stdin.buffer.read().decode("utf-8"))
    sys.stdout.write(json.dumps([check(item) for item in items]))


if __name__ == "__main__":
    main()
