"""Registries: what stands under which name, what is made from a configuration that gives the name."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field

from ..flow.evaluator import Evaluator
from ..flow.frames import Frames
from ..flow.instances import Instances
from ..sources.project import Project
from ..values.made import Made
from ..values.values import Class, Concrete, Frame, Function, Instance, Value
from .made_calls import made_call
from .registrations import Registration, identity_of

MAX_INSTANCES = 6
_TYPE_KEYS = ("type", "name", "_target_")


@dataclass(eq=False)
class Registries:
    """`registrations` is empty until the project was read for them."""

    _project: Project
    _made: Made
    _frames: Frames
    _evaluator: Evaluator
    registrations: list[Registration] = field(default_factory=list, init=False)

    def registered(self, holder: Value, key) -> list[Value]:
        """What stands under a key of a registry; nothing when that is not known."""
        if not isinstance(key, str):
            return []
        place = identity_of(holder)
        return [r.item for r in self.registrations if r.holder == place and r.key == key][:1]

    def is_registry(self, value: Value) -> bool:
        place = identity_of(value)
        return any(r.holder == place for r in self.registrations)

    def built_by(self, registry: Value, node: ast.Call, config: ast.AST, frame: Frame) -> list[Value]:
        """`REGISTRY.build(config)` of a library: what stands under the configuration's `type`, made with the rest."""
        more = next((k.value for k in node.keywords if k.arg == "default_args"), None)
        if more is None:
            more = next((a for a in node.args[1:] if not self._is_a_registry_in(a, frame)), None)
        for value in self._evaluator.evaluate(config, frame):
            for key in _TYPE_KEYS:
                for name in self._evaluator.item(value, key, config, frame):
                    held = self.registered(registry, name.value) if isinstance(name, Concrete) else [name]
                    for item in held:
                        if isinstance(item, (Class, Function)):
                            return self._evaluator.call(item, [(made_call(self._made, node, config, more), frame)])
        return []

    def _is_a_registry_in(self, node: ast.AST, frame: Frame) -> bool:
        return any(self.is_registry(v) for v in self._evaluator.evaluate(node, frame))

    def instances_built(self) -> dict[int, list[Instance]]:
        """Instances of registered classes by the class's node, as the calls that ask for them show them."""
        classes = {id(r.item.node) for r in self.registrations if isinstance(r.item, Class)}
        found: dict[int, list[Instance]] = {}
        if not classes:
            return found
        for module in self._project.modules:
            for node in ast.walk(module.tree):
                if isinstance(node, ast.Call):
                    for value in self._evaluator.evaluate(node, self._frames.at(module, node)):
                        if isinstance(value, Instance) and id(value.cls.node) in classes and value.call is not None:
                            known = found.setdefault(id(value.cls.node), [])
                            if value not in known:
                                known.append(value)
        # A call in a function that anybody may have called mixes what its callers give.
        for node, instances in found.items():
            bound = [i for i in instances if i.frame is not None and i.frame.args is not None]
            found[node] = (bound or instances)[:MAX_INSTANCES]
        return found


def unfollowed(registrations: list[Registration], instances: Instances, pipelines: list) -> list[str]:
    """What is to be said of pipelines in registered classes that nothing was seen to make."""
    found = []
    for pipeline in pipelines:
        scope = pipeline.frame.scope
        while scope is not None and not scope.is_class:
            scope = scope.parent
        for each in registrations if scope is not None else []:
            made = [i for i in instances.of(each.item) if i.call is not None] if isinstance(each.item, Class) else [1]
            if each.item.node is scope.node and not made:
                name, where = scope.qualname, f"{scope.module.path}:{scope.node.lineno}"
                found.append(
                    f"{name} ({where}) is made through a registry, and the call could not be followed: its settings are "
                    "read from its defaults and may not be those in force"
                )
    return list(dict.fromkeys(found))
