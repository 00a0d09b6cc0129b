"""The frame of a method of one known instance."""

from __future__ import annotations

import ast
from dataclasses import dataclass

from ..sources.syntax import base_name
from ..values.made import Made
from ..values.values import Class, Frame, Instance
from .classes import Classes
from .frames import Frames


@dataclass(eq=False)
class MethodFrames:
    """A constructor is called as the instance was made; any other method may have any caller."""

    _made: Made
    _frames: Frames
    _classes: Classes

    def of(self, inst: Instance, cls: Class, method) -> Frame:
        """Frame of a method of this very instance; its constructor is called as the instance was made."""
        function = self._made.function(method, self._classes.frame_of(cls))
        if method.name == "__init__" and inst.call is not None:
            if cls.node is inst.cls.node or not self._own_init(inst.cls):
                return self._frames.bind(function, [(inst.call, inst.frame)], inst)
            for call, frame in self.super_calls(inst):
                return self._frames.bind(function, [(call, frame)], inst)
        key = ("method", id(method), id(inst))
        return self._made.once(key, lambda: Frame(function.module.scopes[method], function.frame, None, inst))

    def _own_init(self, cls: Class) -> bool:
        return any(isinstance(n, ast.FunctionDef) and n.name == "__init__" for n in cls.node.body)

    def super_calls(self, inst: Instance):
        """super().__init__(…) in the constructor of the instance's own class."""
        for node in inst.cls.node.body:
            if isinstance(node, ast.FunctionDef) and node.name == "__init__":
                frame = self.of(inst, inst.cls, node)
                for call in ast.walk(node):
                    if (
                        isinstance(call, ast.Call)
                        and isinstance(call.func, ast.Attribute)
                        and call.func.attr == "__init__"
                        and isinstance(call.func.value, ast.Call)
                        and base_name(call.func.value.func) == "super"
                    ):
                        yield call, frame
