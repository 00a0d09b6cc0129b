"""Parameters: what they stand for in a frame, by the call that made it, or by all callers."""

from __future__ import annotations

from dataclasses import dataclass


from ..command.command_parameters import CommandParameters
from ..sources.syntax import default_node, first_parameter, has_decorator
from ..values.values import Frame, Function, Unknown, Value
from .callers import Callers
from .classes import Classes
from .evaluator import Evaluator
from .frames import Frames, Spread
from .instances import Instances


@dataclass(eq=False)
class Parameters:
    """Where a function is a command, its parameters come from the command line."""

    _frames: Frames
    _evaluator: Evaluator
    _classes: Classes
    _instances: Instances
    _command_parameters: CommandParameters
    _callers: Callers

    def parameter(self, frame: Frame, name: str) -> list[Value]:
        scope = frame.scope
        function = scope.node
        if frame.self_value is not None and first_parameter(function) == name:
            return [frame.self_value]
        if frame.args is not None:
            if name in frame.args:
                found = self._evaluator.argument(frame.args[name])
                if isinstance(frame.args[name], Spread) and isinstance(found[0], Unknown):
                    return self.default_of(frame, name) or found
                return found
            if default := self.default_of(frame, name):
                return default
            return [Unknown(f"parameter {name}")]
        as_function = Function(function, frame.module, frame.parent)
        owner = self._classes.owner_of(as_function)
        if owner is not None and first_parameter(function) == name and not has_decorator(function, "staticmethod"):
            if has_decorator(function, "classmethod"):
                return [owner]
            return self._instances.of(owner)
        from_command = self._command_parameters.parameter(as_function, name, frame)
        if from_command:
            return from_command
        found: list[Value] = []
        for call, caller, receiver in self._callers.of(as_function):
            bound = self._frames.bind(as_function, [(call, caller)], receiver, limited=False)
            found += self.parameter(bound, name)
        found = [v for v in found if not isinstance(v, Unknown)] or found
        if not found:
            found = self.default_of(frame, name)
        return found or [Unknown(f"parameter {name}")]

    def default_of(self, frame: Frame, name: str) -> list[Value]:
        default = default_node(frame.scope.node, name)
        if default is None:
            return []
        # A default is evaluated where the function is defined.
        return self._evaluator.evaluate(default, frame.parent or frame)
