"""Calls: which function is meant, and what it returns."""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import dataclass

from ..configs.config_files import is_config
from ..configs.config_roots import ConfigRoots
from ..libraries.library_calls import LibraryCalls
from ..libraries.library_methods import LibraryMethods
from ..libraries.python_configs import PythonConfigs
from ..libraries.python_readers import follows_bases
from ..libraries.spdl_calls import SpdlCalls
from ..sources.project import Project
from ..sources.syntax import (
    CONTINUED_HELPER,
    PASS_THROUGH_HELPERS,
    SUBPROCESS_HELPERS,
    WINDOW_HELPER,
    has_decorator,
    is_generator,
    simple_name,
)
from ..values.layers import Layers
from ..values.made import Made
from ..values.values import (
    Attribute,
    Class,
    Concrete,
    DictOf,
    External,
    ExternalCall,
    FileRef,
    Frame,
    Function,
    Generator,
    Instance,
    Method,
    Unknown,
    Value,
)
from .evaluator import Evaluator
from .frames import Frames
from .instances import Instances
from .returns import Returns

# Candidates for what is called that are looked at.
MAX_CALLEES = 12


@dataclass(eq=False)
class Calls:
    """A function of the project is followed into; what a library's call gives is known by its name (libraries/)."""

    _project: Project
    _made: Made
    _frames: Frames
    _evaluator: Evaluator
    _configs: ConfigRoots
    _instances: Instances
    _returns: Returns
    _python_configs: PythonConfigs
    _spdl_calls: SpdlCalls
    _library_methods: LibraryMethods
    _library_calls: LibraryCalls

    def readers(self) -> dict[type, Callable[[ast.AST, Frame], list[Value]]]:
        return {ast.Call: self._expression}

    def _expression(self, node: ast.Call, frame: Frame) -> list[Value]:
        """A call in the code; what our own rewrites put around an expression is looked through."""
        name = simple_name(node.func)
        if name in PASS_THROUGH_HELPERS and node.args:
            return self._evaluator.evaluate(node.args[0], frame)
        if name == WINDOW_HELPER and node.args:
            gathered = node.args[-1]
            return self._evaluator.evaluate(gathered.body if isinstance(gathered, ast.Lambda) else gathered, frame)
        if name in SUBPROCESS_HELPERS or name == CONTINUED_HELPER:
            return self._spdl_calls.subprocess_helper(name, node, frame)
        found: list[Value] = []
        for callee in self._evaluator.evaluate(node.func, frame)[:MAX_CALLEES]:
            found += self.call(callee, [(node, frame)])
        return found

    def call(self, callee: Value, calls: list[tuple[ast.Call, Frame]]) -> list[Value]:
        """What a call of `callee` gives; several calls are those of functools.partial and then the call itself."""
        node, frame = calls[-1]
        if isinstance(callee, Function):
            return self.call_function(callee, calls, None)
        if isinstance(callee, Method):
            return self.call_function(callee.function, calls, callee.receiver)
        if isinstance(callee, Class):
            return self._instances.made_by(callee, node, frame)
        if isinstance(callee, External):
            return self._library_calls.of(callee.name, node, frame)
        if isinstance(callee, Attribute):
            return self._library_methods.of(callee.receiver, callee.name, node, frame)
        if isinstance(callee, ExternalCall) and callee.name == "functools.partial" and callee.node.args:
            first = ast.Call(callee.node.args[0], callee.node.args[1:], callee.node.keywords)
            self._made.keep(first)
            found: list[Value] = []
            for inner in self._evaluator.evaluate(callee.node.args[0], callee.frame):
                found += self.call(inner, [(first, callee.frame), *calls])
            return found
        if isinstance(callee, Instance):
            for method in self._evaluator.attribute(callee, "__call__", node, frame):
                if isinstance(method, Method):
                    return self.call_function(method.function, calls, callee)
        return [ExternalCall("", node, frame, callee)]

    def call_function(self, function: Function, calls, receiver: Value | None) -> list[Value]:
        node = function.node
        if has_decorator(node, "staticmethod"):
            receiver = None
        frame = self._frames.bind(function, calls, receiver)
        if isinstance(node, ast.Lambda):
            return self._evaluator.evaluate(node.body, frame)
        if is_generator(node):
            return [Generator(function, frame)]
        found = self._returns.returned(function, frame)
        if follows_bases(node) and not any(isinstance(v, Layers) or isinstance(v, DictOf) and v.merged for v in found):
            read = self._config_read_by(function, calls, frame)
            if isinstance(read, Layers):
                return [read]
        if all(isinstance(v, Unknown) or isinstance(v, DictOf) and not v.entries and not v.merged for v in found):
            read = self._config_read_by(function, calls, frame)
            if read is not None:
                return [read]
        return found

    def _config_read_by(self, function: Function, calls, frame: Frame) -> Value | None:
        """A reader of the project's own: a function that opens a configuration file and returns what it made of it."""
        paths: list[str] = []
        for call, caller in calls:
            for arg in [*call.args, *[k.value for k in call.keywords]]:
                for value in self._evaluator.evaluate(arg, caller):
                    if isinstance(value, FileRef):
                        paths.append(value.path)
                    elif (
                        isinstance(value, Concrete)
                        and isinstance(value.value, str)
                        and (is_config(value.value) or value.value.endswith(".py"))
                    ):
                        paths.append(self._project.find_file(value.value) or "")
        for inner in ast.walk(function.node):
            if isinstance(inner, ast.Call) and simple_name(inner.func) in ("open", "read_text", "read_bytes"):
                paths += [v.path for v in self._evaluator.evaluate(inner, frame) if isinstance(v, FileRef)]
        for path in paths:
            if path and is_config(path) and (leaf := self._configs.root(path)) is not None:
                return leaf
        return self._python_configs.read_by(function, paths)
