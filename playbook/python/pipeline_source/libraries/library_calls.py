"""What calls of libraries stand for: conversions, environment, copies. By name; nothing is imported."""

from __future__ import annotations

import ast
import os
import posixpath

from ..flow.layers import Layers, Under, layered
from ..flow.values import (
    UNKNOWN_NUMBER,
    Arguments,
    Builder,
    Class,
    Computed,
    Concrete,
    DictOf,
    ExternalCall,
    FileRef,
    Frame,
    Function,
    Instance,
    Leaf,
    ModuleRef,
    Namespace,
    Pipeline,
    PipelineConfig,
    Unknown,
    Value,
    concrete,
    is_number,
)
from .file_paths import FilePaths
from .hydra_targets import instantiated
from .python_config import namespace_of_call
from .registries import built_by, is_registry, registered
from .spdl_calls import BUILDER_STEPS, SpdlCalls, spdl_name

_READERS = {"load", "loads", "safe_load", "full_load", "unsafe_load", "load_yaml", "load_json"}
_READER_MODULES = {
    "json",
    "yaml",
    "tomllib",
    "tomli",
    "toml",
    "ujson",
    "orjson",
    "simplejson",
    "rtoml",
    "OmegaConf",
    "omegaconf",
    "ruamel",
    "jsonlib",
    "pyjson5",
}
_SAME_AS_ARGUMENT = {
    "copy.copy",
    "copy.deepcopy",
    "builtins.vars",
    "dataclasses.asdict",
    "contextlib.nullcontext",
    "contextlib.closing",
    "builtins.iter",
    "builtins.dict",
    "collections.OrderedDict",
    "types.SimpleNamespace",
    "argparse.Namespace",
    "omegaconf.OmegaConf.create",
    "omegaconf.OmegaConf.to_container",
    "omegaconf.OmegaConf.to_object",
    "omegaconf.DictConfig",
    "easydict.EasyDict",
    "munch.Munch",
    "munch.munchify",
    "box.Box",
    "addict.Dict",
    "ml_collections.ConfigDict",
    "ml_collections.config_dict.ConfigDict",
    "yacs.config.CfgNode",
    "fvcore.common.config.CfgNode",
    "detectron2.config.CfgNode",
    "types.MappingProxyType",
    "typing.cast",
    "builtins.list",
    "builtins.tuple",
}
_NUMERIC = {"min": min, "max": max, "round": round, "abs": abs, "int": int, "float": float, "len": len, "sum": sum}


class LibraryCalls(FilePaths, SpdlCalls):
    """Part of Flow: calls that leave the project."""

    def library_call(self, name: str, node: ast.Call, frame: Frame) -> list[Value]:
        spdl = spdl_name(name)
        if spdl is not None:
            return self.spdl_call(spdl, name, node, frame)
        read = namespace_of_call(self, name, node, frame)
        if read is not None:
            return read
        made = instantiated(self, name, node, frame)
        if made is not None:
            return made
        last = name.rpartition(".")[2]
        first = node.args[0] if node.args else None
        if name == "builtins.getattr" and len(node.args) >= 2:
            return self._getattr(node, frame)
        if name == "typing.cast" and len(node.args) == 2:
            return self.evaluate(node.args[1], frame)
        if name in _SAME_AS_ARGUMENT:
            if first is not None and name == "builtins.dict" and node.keywords:
                named = [(k.arg, k.value) for k in node.keywords if k.arg]
                spreads = [first, *[k.value for k in node.keywords if not k.arg]]
                return [self._once(("dict", id(node), id(frame)), lambda: DictOf(named, spreads, frame))]
            if first is not None:
                found = self.evaluate(first, frame)
                return [
                    i
                    for v in found
                    for i in (self.attribute(v, "__dict__", node, frame) if isinstance(v, ModuleRef) else [v])
                ]
            named = [(k.arg, k.value) for k in node.keywords if k.arg]
            spreads = [k.value for k in node.keywords if not k.arg]
            made = self._once(("dict", id(node), id(frame)), lambda: DictOf(named, spreads, frame))
            if last == "CfgNode":
                # Its keys are overridden by the command's words, by their dotted path from the root.
                self.config_paths.setdefault(id(made), "")
            return [made]
        if last == "build_from_cfg" and len(node.args) >= 2:
            for registry in self.evaluate(node.args[1], frame):
                if made := built_by(self, registry, node, node.args[0], frame):
                    return made
        if name == "builtins.compile" and first is not None:
            return self.evaluate(first, frame)
        if name == "dataclasses.replace" and first is not None:
            return self._replaced(node, frame)
        if name in ("builtins.open", "io.open", "gzip.open") and first is not None:
            return self.file_of(self.evaluate(first, frame), node, frame)
        if last in _READERS and name.split(".")[0] in _READER_MODULES | {"builtins"} and first is not None:
            return self.config_of(self.evaluate(first, frame), node, frame)
        if name in ("builtins.str", "pathlib.Path", "pathlib.PurePath", "pathlib.PosixPath", "os.fspath") or name in (
            "os.path.abspath",
            "os.path.realpath",
            "os.path.expanduser",
            "os.path.normpath",
        ):
            return self._path(node, frame)
        if name == "os.path.join":
            return self._joined(node, frame)
        if name == "os.path.dirname":
            text = self.number(first, frame) if first is not None else None
            return [Computed(posixpath.dirname(text), node, frame)] if isinstance(text, str) else [Unknown("path")]
        if name in ("os.cpu_count", "multiprocessing.cpu_count", "os.process_cpu_count"):
            return [Computed(os.cpu_count() or 1, node, frame)]
        if name == "os.sched_getaffinity":
            count = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
            return [Concrete(list(range(count)))]
        if name in ("os.environ.get", "os.getenv"):
            return self._environment(node, frame)
        if name.startswith("builtins.") and last in _NUMERIC:
            return self._numeric(last, node, frame)
        if name.startswith("builtins.") and last == "bool" and first is not None:
            truth = self.truth(first, frame)
            return [Unknown("bool")] if truth is None else [Computed(truth, node, frame)]
        if name == "os.environ.setdefault" and len(node.args) == 2:
            return self._environment(node, frame)
        if name.endswith("OmegaConf.structured") and first is not None:
            given = self.evaluate(first, frame)
            return [i for v in given for i in (self.instantiate_open(v) if isinstance(v, Class) else [v])]
        if name.endswith("OmegaConf.merge"):
            parts = [
                v for a in node.args for v in self.evaluate(a, frame)[:1] if not isinstance(v, (Unknown, ExternalCall))
            ]
            return [layered(parts)] if parts else [Unknown("merge")]
        return [ExternalCall(name, node, frame)]

    def _getattr(self, node: ast.Call, frame: Frame) -> list[Value]:
        name = self.number(node.args[1], frame)
        if not isinstance(name, str):
            return [Unknown("getattr")]
        found: list[Value] = []
        for base in self.evaluate(node.args[0], frame):
            found += self.attribute(base, name, node.args[0], frame)
        known = [v for v in found if not isinstance(v, Unknown)]
        return known or (self.evaluate(node.args[2], frame) if len(node.args) > 2 else found)

    def _replaced(self, node: ast.Call, frame: Frame) -> list[Value]:
        found: list[Value] = []
        for value in self.evaluate(node.args[0], frame):
            if isinstance(value, Instance):
                replaced = dict(value.replaced)
                for keyword in node.keywords:
                    for field in [keyword.arg] if keyword.arg else self.fields(value.cls):
                        given = keyword.value if keyword.arg else self._spread_entry(keyword, field, frame)
                        if given is not None:
                            replaced[field] = (given, frame)
                found.append(
                    self._once(
                        ("replaced", id(node), id(frame), id(value)),
                        lambda v=value, r=replaced: Instance(v.cls, v.call, v.frame, r),
                    )
                )
        return found

    def _spread_entry(self, keyword: ast.keyword, field: str, frame: Frame) -> ast.AST | None:
        """`mapping["field"]` of `replace(config, **mapping)`, where the mapping is known to hold it."""
        for value in self.evaluate(keyword.value, frame):
            if not isinstance(self.item(value, field, keyword.value, frame)[0], Unknown):
                made = ast.Subscript(keyword.value, ast.Constant(field), ast.Load())
                return self._once(("spread", id(keyword), field), lambda: ast.copy_location(made, keyword.value))
        return None

    # -- methods ----------------------------------------------------------------------------------------------------

    def library_method(self, receiver: Value, name: str, node: ast.Call, frame: Frame) -> list[Value]:
        first = node.args[0] if node.args else None
        if isinstance(receiver, Builder):
            if name in BUILDER_STEPS:
                return [receiver]
            if name == "build":
                return [self._pipeline("build", node, frame, (node.func.value, frame))]
            if name == "get_config":
                return [PipelineConfig(node.func.value, frame, True)]
        if isinstance(receiver, Pipeline):
            return [receiver] if name in ("get_iterator", "__iter__", "__enter__") else [ExternalCall("", node, frame)]
        if (
            isinstance(receiver, (Leaf, DictOf, Arguments, Layers, Under, Namespace))
            and name in ("get", "pop", "setdefault")
            and first is not None
        ):
            key = self.number(first, frame)
            found = self.item(receiver, key, node, frame)
            if isinstance(found[0], Unknown) and len(node.args) > 1:
                return self.evaluate(node.args[1], frame)
            return found
        if isinstance(receiver, (Leaf, DictOf, Layers, Namespace)) and name in ("copy", "clone", "to_dict"):
            return [receiver]
        if isinstance(receiver, FileRef):
            return [receiver]
        if first is not None and name in ("get", "build", "create") and is_registry(self, receiver):
            key = self.number(first, frame)
            held = registered(self, receiver, key)
            return held or built_by(self, receiver, node, first, frame) or [ExternalCall("", node, frame, receiver)]
        if name in ("parse_args", "parse_known_args", "parse_intermixed_args") and _is_parser(receiver):
            return [Arguments()]
        if isinstance(receiver, Concrete) and isinstance(receiver.value, str):
            return self._text_method(receiver, name, node, frame)
        if (
            isinstance(receiver, ExternalCall)
            and receiver.name.endswith("ExitStack")
            and name == "enter_context"
            and first is not None
        ):
            return self.entered(self.evaluate(first, frame))
        return [ExternalCall("", node, frame, receiver)]

    # -- numbers ----------------------------------------------------------------------------------------------------

    def _environment(self, node: ast.Call, frame: Frame) -> list[Value]:
        name = self.number(node.args[0], frame) if node.args else None
        given = self.project.launch.environment.get(name) if isinstance(name, str) else None
        if given is not None:
            return [Computed(given, node, frame)]
        default = (
            node.args[1] if len(node.args) > 1 else next((k.value for k in node.keywords if k.arg == "default"), None)
        )
        value = self.number(default, frame) if default is not None else None
        return [Unknown("environment")] if value is UNKNOWN_NUMBER else [Computed(value, node, frame)]

    def _numeric(self, name: str, node: ast.Call, frame: Frame) -> list[Value]:
        groups = [self.evaluate(a, frame) for a in node.args]
        if name in ("int", "float") and len(groups) == 1:
            for value in groups[0]:
                if isinstance(value, Concrete) and is_number(value.value) and float(value.value) == int(value.value):
                    # A conversion that changes nothing: the number's home stays where it is.
                    return [value]
        values = [concrete(g) for g in groups]
        if not values or UNKNOWN_NUMBER in values or node.keywords:
            return [Unknown(name)]
        try:
            return [Computed(_NUMERIC[name](*values), node, frame)]
        except (TypeError, ValueError):
            return [Unknown(name)]


def _is_parser(receiver: Value) -> bool:
    if isinstance(receiver, (Class, Function, Leaf, DictOf)):
        return False
    return True
