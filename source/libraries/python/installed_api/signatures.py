"""What calls take, and what an object has: read from definitions, with `None` and `is_open` where that is not told."""

import ast

from .modules import FUNCTIONS, Definition, Module

# Decorators that leave a signature as it is written.
PLAIN_DECORATORS = {
    "abstractmethod",
    "asynccontextmanager",
    "cache",
    "classmethod",
    "contextmanager",
    "final",
    "lru_cache",
    "no_grad",
    "overload",
    "override",
    "property",
    "staticmethod",
}
PLAIN_CLASS_DECORATORS = {"dataclass", "final", "runtime_checkable", "total_ordering"}
# Bases that give a class no attribute that code names.
PLAIN_BASES = {"ABC", "Generic", "Protocol", "object"}


class Signature:
    """What a call takes by name; None where it takes any."""

    def __init__(self, keywords, is_sure=True):
        self.keywords = keywords
        # Whether all that could change it was read.
        self.is_sure = is_sure


OPEN = Signature(None)


def last_name(node):
    if isinstance(node, ast.Call):
        node = node.func
    if isinstance(node, ast.Subscript):
        node = node.value
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def has_decorator(node, name):
    return any(last_name(each) == name for each in node.decorator_list)


def signature_of(libraries, definition, skips_first=False):
    nodes = [definition.node] + definition.others
    overloads = [node for node in nodes if has_decorator(node, "overload")]
    plain = [node for node in nodes if node not in overloads]
    # In code, overloads describe the one that follows; a stub has nothing else.
    used = plain or overloads
    if any(last_name(each) not in PLAIN_DECORATORS for node in used for each in node.decorator_list):
        return OPEN
    parts = [_of_function(libraries, definition.module, node, skips_first) for node in used]
    if any(part.keywords is None for part in parts):
        return OPEN
    return Signature(set().union(*(part.keywords for part in parts)))


def _of_function(libraries, module, node, skips_first):
    args = node.args
    positional = args.posonlyargs + args.args
    first = 1 if skips_first and not has_decorator(node, "staticmethod") else 0
    names = {arg.arg for arg in args.args if arg not in positional[:first]}
    keywords = names | {arg.arg for arg in args.kwonlyargs}
    if args.kwarg is None:
        return Signature(keywords)
    passed = _passed_on(libraries, module, node, args.kwarg.arg)
    if passed is None:
        return OPEN
    # Whatever else it takes out of the dict stands somewhere as a text.
    return Signature(keywords | passed | module.texts)


def _passed_on(libraries, module, node, name):
    """Keywords of the one library function that `**name` goes on to; None where that is not told."""
    calls = [
        call
        for call in ast.walk(node)
        if isinstance(call, ast.Call)
        and any(k.arg is None and isinstance(k.value, ast.Name) and k.value.id == name for k in call.keywords)
    ]
    if len(calls) != 1 or not isinstance(calls[0].func, ast.Name):
        return None
    try:
        target = libraries.attribute(module, calls[0].func.id)
    except LookupError:
        return None
    if not isinstance(target, Definition) or target.is_class:
        return None
    inner = signature_of(libraries, target)
    return inner.keywords


class ClassView:
    """A class with its bases: what its instances have, and what making one takes."""

    def __init__(self, libraries, definition):
        self.libraries = libraries
        self.definition = definition
        # More attributes may be there, or another way to make one, than reading shows.
        self.is_open = bool(definition.others)
        self.is_made_otherwise = self.is_open
        self.members = {}
        self.attributes = set()
        self.order = self._bases(definition, [])
        for each in reversed(self.order):
            self._read(each)

    def _bases(self, definition, seen):
        if definition in seen:
            return []
        found = [definition]
        for base in definition.node.bases:
            if last_name(base) in PLAIN_BASES:
                continue
            target = resolve(self.libraries, definition.module, base)
            if not isinstance(target, Definition) or not target.is_class:
                self.is_open = self.is_made_otherwise = True
                continue
            found += self._bases(target, seen + [definition])
        return found

    def _read(self, definition):
        node = definition.node
        if node.keywords or any(last_name(each) not in PLAIN_CLASS_DECORATORS for each in node.decorator_list):
            self.is_open = self.is_made_otherwise = True
        for statement in node.body:
            if isinstance(statement, FUNCTIONS):
                old = self.members.get(statement.name)
                others = [old.node] + old.others if old is not None and old.module is definition.module else []
                self.members[statement.name] = Definition(definition.module, statement, others)
                if statement.name in ("__getattr__", "__getattribute__", "__setattr__"):
                    self.is_open = True
            elif isinstance(statement, (ast.Assign, ast.AnnAssign, ast.ClassDef, ast.If, ast.Try, ast.For)):
                self.attributes |= {
                    n.id for n in ast.walk(statement) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)
                }
                self.attributes |= {n.name for n in ast.walk(statement) if hasattr(n, "name") and isinstance(n.name, str)}
            elif not isinstance(statement, (ast.Expr, ast.Pass)):
                self.is_open = True
        for each in ast.walk(node):
            if isinstance(each, ast.Attribute) and isinstance(each.ctx, ast.Store):
                self.attributes.add(each.attr)
            elif isinstance(each, ast.Call) and last_name(each) in ("setattr", "__dict__", "update"):
                self.is_open = True

    def has(self, name):
        known = name in self.members or name in self.attributes
        return known or self.is_open or (name.startswith("__") and name.endswith("__"))

    def names(self):
        return {name for name in set(self.members) | self.attributes if not name.startswith("_")}

    def making(self):
        """The signature of the call that makes one."""
        init = self.members.get("__init__")
        if "__new__" in self.members:
            return OPEN
        if init is not None:
            told = signature_of(self.libraries, init, skips_first=True)
            return Signature(told.keywords, is_sure=not self.is_made_otherwise)
        if self.is_made_otherwise:
            return OPEN
        if all(has_decorator(each.node, "dataclass") for each in self.order):
            return Signature({field.target.id for each in self.order for field in fields(each.node)})
        return OPEN if any(each.node.decorator_list for each in self.order) else Signature(set())


def fields(node):
    return [each for each in node.body if isinstance(each, ast.AnnAssign) and isinstance(each.target, ast.Name)]


def resolve(libraries, module, node):
    """What a name or a chain of names stands for in a library's module; None where that is not told."""
    if isinstance(node, ast.Subscript):
        return resolve(libraries, module, node.value)
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        try:
            return resolve(libraries, module, ast.parse(node.value, mode="eval").body)
        except (SyntaxError, ValueError):
            return None
    try:
        if isinstance(node, ast.Name):
            return libraries.attribute(module, node.id)
        if isinstance(node, ast.Attribute):
            above = resolve(libraries, module, node.value)
            return libraries.attribute(above, node.attr) if isinstance(above, Module) else None
    except LookupError:
        return None
    return None
