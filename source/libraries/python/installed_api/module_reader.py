"""Reads the files of one module into its names; a stub beside the code tells what the code makes as it runs."""

import ast

from .modules import DEFINITIONS, Definition, Import


def read_module(module):
    has_stub = any(path.endswith(".pyi") for path in module.files)
    has_code = any(path.endswith(".py") for path in module.files)
    # The code first: of a name that both define, it tells more.
    for path in sorted(module.files):
        try:
            with open(path, "rb") as file:
                tree = ast.parse(file.read())
        except (OSError, SyntaxError, ValueError, RecursionError):
            module.is_open = True
            continue
        if path.endswith(".py") or not has_code:
            module.doc = ast.get_docstring(tree) or ""
        reader = ModuleReader(module, trusts_getattr=has_stub)
        reader.read(tree)


class ModuleReader:
    def __init__(self, module, trusts_getattr):
        self.module = module
        self.trusts_getattr = trusts_getattr

    def read(self, tree):
        before = dict(self.module.names)
        self.module.names = {}
        self.statements(tree.body)
        for node in ast.walk(tree):
            if isinstance(node, ast.Global):
                for name in node.names:
                    self.module.names.setdefault(name, None)
            elif isinstance(node, ast.Constant) and isinstance(node.value, str) and len(node.value) < 80:
                self.module.texts.add(node.value)
            elif is_dynamic(node):
                self.module.is_open = True
        self.module.names.update(before)

    def statements(self, body):
        for statement in body:
            self.statement(statement)
            if isinstance(statement, DEFINITIONS):
                continue
            for field in ("body", "orelse", "finalbody"):
                self.statements(getattr(statement, field, []))
            for handler in getattr(statement, "handlers", []):
                self.statements(handler.body)

    def statement(self, statement):
        names = self.module.names
        if isinstance(statement, ast.Import):
            for alias in statement.names:
                target = alias.name if alias.asname else alias.name.split(".")[0]
                self.bind(alias.asname or target, Import(target, None))
        elif isinstance(statement, ast.ImportFrom):
            source = absolute(self.module, statement)
            for alias in statement.names:
                if alias.name == "*":
                    self.module.stars.append(source)
                else:
                    self.bind(alias.asname or alias.name, Import(source, alias.name))
        elif isinstance(statement, DEFINITIONS):
            old = names.get(statement.name)
            others = [old.node] + old.others if isinstance(old, Definition) else []
            known = {} if isinstance(old, Definition) else names
            if statement.name in known:
                names[statement.name] = None
            else:
                names[statement.name] = Definition(self.module, statement, others)
            if statement.name == "__getattr__" and not self.trusts_getattr and not is_told(statement):
                self.module.is_open = True
        else:
            for name in assigned(statement):
                names[name] = None
            self.exports(statement)

    def bind(self, name, found):
        """A name that is bound in two ways is followed in neither."""
        names = self.module.names
        names[name] = found if name not in names or names[name] == found else None

    def exports(self, statement):
        targets = assigned(statement)
        if "__all__" not in targets:
            return
        value = getattr(statement, "value", None)
        try:
            listed = {str(name) for name in ast.literal_eval(value)}
        except (ValueError, TypeError):
            listed = None
        known = self.module.exported
        is_first = not isinstance(statement, ast.AugAssign)
        self.module.exported = None if listed is None else listed if is_first or known is None else known | listed


def assigned(statement):
    """Names that a statement of a module binds by itself."""
    if isinstance(statement, (ast.If, ast.Try)):
        return []
    found = []
    blocks = ("body", "orelse", "finalbody", "handlers")
    fields = [value for name, value in ast.iter_fields(statement) if name not in blocks]
    for value in fields:
        for node in value if isinstance(value, list) else [value]:
            if isinstance(node, ast.AST):
                found += [n.id for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)]
    return found


def absolute(module, statement):
    if not statement.level:
        return statement.module
    parts = module.dotted.split(".")
    up = statement.level - (1 if module.folders is not None else 0)
    parts = parts[: len(parts) - up] if up else parts
    return ".".join(parts + ([statement.module] if statement.module else []))


def is_dynamic(node):
    """Whether names come into being here that no statement shows."""
    if not isinstance(node, ast.Call):
        return False
    called = node.func
    return isinstance(called, ast.Name) and (called.id in ("globals", "exec", "vars"))


def is_told(function):
    """A module's `__getattr__` that compares with plain texts, and raises for all else, hides nothing."""
    last = function.body[-1]
    if not isinstance(last, ast.Raise) or any(isinstance(n, (ast.For, ast.While)) for n in ast.walk(function)):
        return False
    tests = [node.test for node in ast.walk(function) if isinstance(node, ast.If)]
    return all(
        isinstance(test, ast.Compare) and all(isinstance(c, ast.Constant) for c in test.comparators) for test in tests
    )
