"""Whether a stage makes the same of the same item each time, and does nothing else: only then may a result be kept.

In doubt it does not.
"""

from __future__ import annotations

import ast
import re

from ..sources.syntax import base_name, own_statements, stores_to
from ..values.values import Attribute, Class, External, ExternalCall, Function, Instance, Method, ModuleRef
from .operations import operation_of

_CHANCE = re.compile(
    r"rand|shuffle|choice|choose|\.sample\b|augment|jitter|noise|noisy|permut|uniform|\.normal\b|seed|uuid|secrets|"
    r"dropout|mixup|cutmix|\brng\b|_rng|integers|datetime|\btime\.(time|monotonic|perf_counter)|getpid",
    re.I,
)
_EFFECTS = {
    "next",
    "pop",
    "popleft",
    "popitem",
    "send",
    "put",
    "acquire",
    "write",
    "writelines",
    "write_bytes",
    "write_text",
    "save",
    "dump",
    "unlink",
    "remove",
    "rename",
    "mkdir",
    "setattr",
    "exec",
    "eval",
    "globals",
    "input",
}
CHANGES = {"append", "extend", "add", "update", "insert", "clear", "setdefault", "sort", "reverse", "fill", "resize_"}
_LIBRARIES = {
    "PIL",
    "base64",
    "builtins",
    "collections",
    "cv2",
    "gzip",
    "hashlib",
    "io",
    "itertools",
    "json",
    "librosa",
    "math",
    "numpy",
    "operator",
    "os",
    "pathlib",
    "pickle",
    "re",
    "soundfile",
    "spdl",
    "struct",
    "torch",
    "torchvision",
    "wave",
    "zlib",
}
_SLEEP = "time.sleep"
MAX_DEPTH = 6


def why_not_repeatable(analysis, stage) -> str | None:
    operation = operation_of(analysis.flow, stage)
    if operation is None:
        return "what it runs is not known for certain"
    if operation.kind != "plain":
        return f"it is a {operation.kind}"
    if _CHANCE.search(stage.name):
        return f"its name, {stage.name}, says that chance has a part in it"
    for name in operation.names:
        if name.partition(".")[0] not in _LIBRARIES or _CHANCE.search(name):
            return f"{name or 'what it runs'} may give something else each time"
    for function, receiver in operation.functions:
        reason = _why_not(analysis, function, receiver, set(), 0)
        if reason:
            return reason
    return None


def why_not_iterable_again(analysis, function: Function, receiver) -> str | None:
    """Of an __iter__, which may yield: whether it gives the same each time it is called."""
    return _why_not(analysis, function, receiver, set(), 0, may_yield=True)


def _why_not(
    analysis, function: Function, receiver, seen: set[int], depth: int, may_yield: bool = False
) -> str | None:
    node = function.node
    if id(node) in seen:
        return None
    seen.add(id(node))
    label = getattr(node, "name", "a lambda")
    if depth > MAX_DEPTH:
        return f"{label} is called too deep to be followed"
    if _CHANCE.search(label) or getattr(node, "decorator_list", None) and depth > 0 and not _is_static(node):
        return f"{label} may give something else each time"
    parameters = {a.arg for a in [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]}
    own = first_name(node) if receiver is not None else None
    statements = own_statements(node)
    local = {n.id for n in statements if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)} - parameters
    for inner in statements:
        is_yield = isinstance(inner, (ast.Yield, ast.YieldFrom))
        if isinstance(inner, (ast.Global, ast.Nonlocal, ast.Await)) or is_yield and not may_yield:
            return f"{label} writes outer names, or is no plain function"
        if isinstance(inner, (ast.Attribute, ast.Subscript)) and isinstance(inner.ctx, (ast.Store, ast.Del)):
            if base_name(inner) not in local:
                return f"{label} writes to {function.module.text_of(inner)}"
        if isinstance(inner, ast.AugAssign) and isinstance(inner.target, ast.Name) and inner.target.id in parameters:
            return f"{label} changes {inner.target.id} in place"
        if isinstance(inner, ast.Attribute) and _CHANCE.search(function.module.text_of(inner)):
            return f"{label} uses {function.module.text_of(inner)}"
        if own and isinstance(inner, ast.Attribute) and isinstance(inner.value, ast.Name) and inner.value.id == own:
            if isinstance(receiver, Instance) and _changes_later(analysis, receiver, inner.attr):
                return f"{label} reads self.{inner.attr}, which changes"
        if isinstance(inner, ast.Name) and isinstance(inner.ctx, ast.Load) and _is_rebound(analysis, function, inner):
            return f"{label} reads {inner.id}, which changes"
        if isinstance(inner, ast.Call):
            reason = _of_call(analysis, function, inner, local, seen, depth, label)
            if reason:
                return reason
    return None


def _of_call(analysis, function, call: ast.Call, local: set[str], seen: set[int], depth: int, label: str) -> str | None:
    text = function.module.text_of(call.func)
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    if text == _SLEEP:
        return None
    if name in _EFFECTS or _CHANCE.search(text):
        return f"{label} calls {text}"
    if name == "open" and _writes(call):
        return f"{label} opens a file for writing"
    frame = analysis.flow.frames.at(function.module, call)
    callees = analysis.flow.evaluate(call.func, frame)[:6]
    is_library = bool(callees) and all(isinstance(callee, External) for callee in callees)
    if name in CHANGES and not is_library and base_name(call.func) not in local:
        return f"{label} calls {text}, which changes what it did not make"
    for callee in callees:
        inner = callee.function if isinstance(callee, Method) else callee
        if isinstance(inner, Function):
            receiver = callee.receiver if isinstance(callee, Method) else None
            reason = _why_not(analysis, inner, receiver, seen, depth + 1)
            if reason:
                return reason
        elif isinstance(callee, External):
            if callee.name.partition(".")[0] not in _LIBRARIES and callee.name != _SLEEP:
                return f"{label} calls {callee.name}, which may give something else each time"
            if _CHANCE.search(callee.name):
                return f"{label} calls {callee.name}"
        elif isinstance(callee, Class):
            if analysis.flow.classes.find_method(callee, "__init__") is not None:
                return f"{label} makes a {callee.node.name}"
        elif isinstance(callee, (Attribute, ExternalCall)) or isinstance(call.func, ast.Attribute):
            continue  # A method of what a library made, or of the item: its name was looked at.
        else:
            return f"{label} calls {text}, which could not be followed"
    return None


def first_name(node: ast.AST) -> str | None:
    arguments = [*node.args.posonlyargs, *node.args.args]
    return arguments[0].arg if arguments else None


def _is_static(node: ast.AST) -> bool:
    return all(getattr(d, "id", "") in ("staticmethod", "classmethod", "property") for d in node.decorator_list)


def _writes(call: ast.Call) -> bool:
    modes = [*call.args[1:2], *[k.value for k in call.keywords if k.arg == "mode"]]
    return any(not isinstance(m, ast.Constant) or re.search(r"[wax+]", str(m.value)) for m in modes)


def _changes_later(analysis, receiver: Instance, attribute: str) -> bool:
    if attribute in changed_names(analysis)[1]:
        return True
    for cls in analysis.flow.classes.mro(receiver.cls):
        for method in cls.node.body:
            if isinstance(method, (ast.FunctionDef, ast.AsyncFunctionDef)) and method.name != "__init__":
                own = first_name(method)
                if own and stores_to(method, own, attribute):
                    return True
    stores = analysis.flow.index.key_stores.get(attribute, [])
    return any(isinstance(target, ast.Attribute) and not _is_own(module, target) for module, target, _ in stores)


def _is_own(module, target: ast.Attribute) -> bool:
    """`self.x = …` in a method: those of the class itself were looked at."""
    around = next((a for a in module.ancestors(target) if isinstance(a, (ast.FunctionDef, ast.AsyncFunctionDef))), None)
    return around is not None and isinstance(target.value, ast.Name) and target.value.id == first_name(around)


_STAYS = {"assign", "param", "import", "def", "class"}


def _is_rebound(analysis, function: Function, name: ast.Name) -> bool:
    """A name from around the function that is bound again, in a loop, or holds what some code changes."""
    module = function.module
    scope = module.scopes.get(function.node)
    if scope is None or name.id in scope.bindings:
        return scope is None
    while scope is not None and name.id not in scope.bindings:
        scope = scope.parent
    if scope is None:
        return False  # A builtin.
    bound = scope.bindings[name.id]
    if len(bound) != 1 or bound[0].kind not in _STAYS or name.id in changed_names(analysis)[0]:
        return True
    if any(isinstance(n, (ast.Global, ast.Nonlocal)) and name.id in n.names for n in ast.walk(module.tree)):
        return True
    if not scope.is_function and _is_set_from_outside(analysis, scope.module, name.id):
        return True
    node = bound[0].node
    around = module.ancestors(node) if isinstance(node, ast.AST) else ()
    for parent in around:
        if parent is scope.node:
            return False
        if isinstance(parent, (ast.For, ast.AsyncFor, ast.While)):
            return True
    return False


def _is_set_from_outside(analysis, module, name: str) -> bool:
    """`settings.EPOCH = 2` in another file, or in this one by its own name."""
    flow = analysis.flow
    for where, target, _ in flow.index.key_stores.get(name, []):
        if isinstance(target, ast.Attribute):
            held = flow.evaluate(target.value, flow.frames.at(where, target))
            if any(isinstance(value, ModuleRef) and value.module is module for value in held):
                return True
    return False


def changed_names(analysis) -> tuple[set[str], set[str]]:
    """Names, and attributes, whose content some code of the project changes after they were made."""
    known = getattr(analysis, "changed_names", None)
    if known is None:
        names: set[str] = set()
        attributes: set[str] = set()
        for module in analysis.project.modules:
            for node in ast.walk(module.tree):
                held = None
                if isinstance(node, (ast.Subscript, ast.Attribute)) and isinstance(node.ctx, (ast.Store, ast.Del)):
                    held = node.value
                elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                    held = node.func.value if node.func.attr in CHANGES | _EFFECTS else None
                if isinstance(held, ast.Name):
                    names.add(held.id)
                elif isinstance(held, ast.Attribute):
                    attributes.add(held.attr)
        known = analysis.changed_names = (names, attributes)
    return known
