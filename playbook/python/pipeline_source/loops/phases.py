"""Training and evaluation: one loop may serve both, fed from different places. Only what trains is timed."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass

from ..flow.dataflow import Flow
from ..sources.syntax import part_of, stores_to
from ..values.values import Concrete, DictOf, Frame, Function, Instance, SequenceOf
from .places import FUNCTIONS
from .streams import Streams

EVALUATES = re.compile(
    r"(^|_|\b)(eval\w*|val|valid\w*|test\w*|infer\w*|predict\w*|bench\w*|warm_?up|profile|debug|dry_run)(_|\b|$)", re.I
)
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_PHASE_NAMES = re.compile(r"phase|split|mode|stage|subset|part", re.I)
_TRAINING_FLAG = re.compile(r"^(is_?)?(train|training|train_mode)$", re.I)
_EVALUATION_FLAG = re.compile(r"^(is_?)?(eval|evaluate|test|val|validate|validation|inference)$", re.I)
_WITHOUT_GRADIENTS = re.compile(r"no_grad|inference_mode|enable_grad\(False|set_grad_enabled\(False")
MAX_STEPS_OUT = 8


def reads_like_evaluation(text: str) -> bool:
    return EVALUATES.search(_CAMEL.sub("_", text)) is not None


@dataclass(eq=False)
class Phases:
    """Tells by names, flags and what stands around an expression; follows what feeds it a few steps out."""

    _flow: Flow
    _streams: Streams

    def training_parts(self, node: ast.AST, frame: Frame) -> tuple[list[tuple[ast.AST, Frame]], bool]:
        """
        The expressions to take hold of so that only training is met, innermost first choice; and whether evaluation was
        found among what feeds this one. No parts: all of it is evaluation.
        """
        return self._parts(node, frame, ())

    def _parts(self, node, frame, seen) -> tuple[list[tuple[ast.AST, Frame]], bool]:
        if self.is_for_evaluation(node, frame):
            return [], True
        key = (id(node), id(frame.scope))
        feeds = [] if key in seen or len(seen) >= MAX_STEPS_OUT else self._feeds(node, frame)
        if self.phase_of(node, frame) is not None or not feeds:
            return [(node, frame)], False
        answers = [self._parts(*feed, (*seen, key)) for feed in feeds]
        evaluates = any(evaluates for _, evaluates in answers)
        # Code of one call, or of one instance, may stand for another one too: hold is taken further out.
        if not evaluates and frame.args is None and frame.self_value is None:
            return [(node, frame)], False
        parts: list[tuple[ast.AST, Frame]] = []
        for found, _ in answers:
            parts += [p for p in found if all(p[0] is not known for known, _ in parts)]
        return parts, evaluates

    def phase_of(self, node: ast.AST, frame: Frame) -> ast.AST | None:
        """The expression that tells the phase where `loaders[phase]` or `loader_for(phase)` serves several of them."""
        keys = [node.slice] if isinstance(node, ast.Subscript) else node.args if isinstance(node, ast.Call) else []
        for key in keys:
            if not isinstance(key, (ast.Name, ast.Attribute)):
                continue
            names = [v.value for v in self._flow.evaluate(key, frame) if isinstance(v, Concrete)]
            texts = [n for n in names if isinstance(n, str)]
            if len(texts) > 1 and any(reads_like_evaluation(t) for t in texts):
                return key
            if isinstance(node, ast.Subscript) and not texts and _PHASE_NAMES.search(frame.module.text_of(key)):
                return key
        return None

    def is_for_evaluation(self, node: ast.AST, frame: Frame) -> bool:
        """Whether an expression is called so, or stands in what is."""
        module = frame.module
        if any(reads_like_evaluation(name) for name in _names_of(node)):
            return True
        child = node
        for parent in module.ancestors(node):
            if isinstance(parent, ast.Call) and child is not parent.func and _calls_for_evaluation(parent):
                return True
            if isinstance(parent, ast.With) and _WITHOUT_GRADIENTS.search(
                " ".join(module.text_of(i.context_expr) for i in parent.items)
            ):
                return True
            if isinstance(parent, FUNCTIONS):
                return parent.name != "__init__" and reads_like_evaluation(module.scopes[parent].qualname)
            child = parent
        return False

    # -- where a value comes from -----------------------------------------------------------------------------------

    def _feeds(self, node: ast.AST, frame: Frame) -> list[tuple[ast.AST, Frame]]:
        """The expressions, one step further out, that an expression gets its batches from."""
        if isinstance(node, ast.Name):
            return self._feeds_of_name(node, frame)
        if isinstance(node, ast.Attribute):
            return self._feeds_of_attribute(node, frame)
        if isinstance(node, ast.Subscript):
            return [
                (value, holder.frame)
                for holder in self._flow.evaluate(node.value, frame)
                if isinstance(holder, DictOf) and not isinstance(node.slice, ast.Constant)
                for _, value in holder.entries
                if self._streams.of(value, holder.frame)
            ]
        if isinstance(node, ast.Call):
            given = [*node.args, *[k.value for k in node.keywords]]
            return [(a, frame) for a in given if not isinstance(a, ast.Starred) and self._streams.of(a, frame)]
        return []

    def _feeds_of_name(self, node: ast.Name, frame: Frame) -> list[tuple[ast.AST, Frame]]:
        at = frame.that_binds(node.id)
        found: list[tuple[ast.AST, Frame]] = []
        for binding in at.scope.bindings[node.id] if at is not None else []:
            if binding.kind == "param":
                found += self._passed_for(at, node.id)
            elif binding.kind == "assign" and (value := part_of(binding.value, binding.path)) is not None:
                found += [(value, at)] if self._streams.of(value, at) else []
            elif binding.kind == "for":
                found += self._elements(binding, at)
        return found

    def _passed_for(self, frame: Frame, name: str) -> list[tuple[ast.AST, Frame]]:
        """What callers pass for a parameter."""
        if frame.args is not None:
            given = frame.args.get(name)
            return [given] if isinstance(given, tuple) else []
        function = Function(frame.scope.node, frame.module, frame.parent)
        found = []
        for call, caller, receiver in self._flow.callers.of(function):
            given = self._flow.frames.bind(function, [(call, caller)], receiver, limited=False).args.get(name)
            if isinstance(given, tuple):
                found.append(given)
        return found

    def _elements(self, binding, frame: Frame) -> list[tuple[ast.AST, Frame]]:
        """`for name, loader in (("train", a), ("val", b))`."""
        found = []
        for value in self._flow.evaluate(binding.value, frame):
            for element in value.elements if isinstance(value, SequenceOf) else []:
                part = part_of(element, binding.path)
                found += [(part, value.frame)] if part is not None and self._streams.of(part, value.frame) else []
        return found

    def _feeds_of_attribute(self, node: ast.Attribute, frame: Frame) -> list[tuple[ast.AST, Frame]]:
        found: list[tuple[ast.AST, Frame]] = []
        for owner in self._flow.evaluate(node.value, frame):
            for cls in self._flow.classes.mro(owner.cls) if isinstance(owner, Instance) else []:
                for method in cls.node.body:
                    if isinstance(method, FUNCTIONS) and method.args.args:
                        inner = self._flow.method_frames.of(owner, cls, method)
                        for kind, value, path, _ in stores_to(method, method.args.args[0].arg, node.attr):
                            part = part_of(value, path) if kind == "assign" else None
                            if part is not None and self._streams.of(part, inner):
                                found.append((part, inner))
        return found


def _names_of(node: ast.AST | None) -> list[str]:
    """What an expression is called: its names, those of what is passed to it, texts; not those of a builder's
    stages.
    """
    if isinstance(node, ast.Name):
        return [node.id]
    if isinstance(node, ast.Attribute):
        return [node.attr, *_names_of(node.value if isinstance(node.value, (ast.Name, ast.Attribute)) else None)]
    if isinstance(node, ast.Subscript):
        return [*_names_of(node.value), *_names_of(node.slice)]
    if isinstance(node, ast.Constant):
        return [node.value] if isinstance(node.value, str) and len(node.value) < 100 else []
    if isinstance(node, ast.Call):
        given = [*node.args, *[k.value for k in node.keywords]]
        inner = [a for a in given if isinstance(a, (ast.Name, ast.Attribute, ast.Subscript, ast.Constant))]
        return [*_names_of(node.func), *[name for a in inner for name in _names_of(a)]]
    return []


def _calls_for_evaluation(call: ast.Call) -> bool:
    """validate(loader), evaluator.run(loader), run(loader, train=False), run(loader, "val")."""
    if any(reads_like_evaluation(name) for name in _names_of(call.func)):
        return True
    for keyword in call.keywords:
        value = keyword.value.value if isinstance(keyword.value, ast.Constant) else None
        flag = _TRAINING_FLAG if value is False else _EVALUATION_FLAG if value is True else None
        if keyword.arg and flag is not None and flag.match(keyword.arg):
            return True
    texts = [a.value for a in [*call.args, *[k.value for k in call.keywords]] if isinstance(a, ast.Constant)]
    return any(isinstance(t, str) and reads_like_evaluation(t) and " " not in t for t in texts)
