"""What calls of libraries stand for: SPDL's own, readers of files, paths, conversions. By name; nothing is imported."""

from __future__ import annotations

import ast
import os
import posixpath

from .config_files import is_config
from .values import (
    UNKNOWN_NUMBER,
    Arguments,
    Attribute,
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
    Pipeline,
    PipelineConfig,
    Unknown,
    Value,
    concrete,
    is_number,
)

BUILDER_STEPS = {"add_source", "pipe", "aggregate", "disaggregate", "to", "path_variants", "add_sink"}
_READERS = {"load", "loads", "safe_load", "full_load", "unsafe_load", "load_yaml", "load_json"}
_READER_MODULES = {"json", "yaml", "tomllib", "tomli", "toml", "ujson", "orjson", "simplejson", "rtoml", "OmegaConf", "omegaconf", "ruamel", "jsonlib", "pyjson5"}
_SAME_AS_ARGUMENT = {
    "copy.copy", "copy.deepcopy", "builtins.vars", "dataclasses.asdict", "contextlib.nullcontext", "contextlib.closing",
    "builtins.iter", "builtins.dict", "types.SimpleNamespace", "argparse.Namespace", "omegaconf.OmegaConf.create",
    "omegaconf.OmegaConf.to_container", "omegaconf.DictConfig", "easydict.EasyDict", "munch.Munch", "munch.munchify",
    "box.Box", "addict.Dict", "ml_collections.ConfigDict", "types.MappingProxyType", "typing.cast", "builtins.list", "builtins.tuple",
}
_NUMERIC = {"min": min, "max": max, "round": round, "abs": abs, "int": int, "float": float, "len": len, "sum": sum}
_PATH_SAME = {"resolve", "absolute", "expanduser", "as_posix", "strip"}


def spdl_name(name: str) -> str | None:
    """Last part of a dotted name of SPDL's pipeline and dataloader packages."""
    if name.startswith(("spdl.pipeline", "spdl.dataloader")):
        return name.rpartition(".")[2]
    return None


class LibraryCalls:
    """Part of Flow: calls that leave the project."""

    def library_call(self, name: str, node: ast.Call, frame: Frame) -> list[Value]:
        spdl = spdl_name(name)
        if spdl is not None:
            return self.spdl_call(spdl, name, node, frame)
        last = name.rpartition(".")[2]
        first = node.args[0] if node.args else None
        if name == "builtins.getattr" and len(node.args) >= 2:
            return self._getattr(node, frame)
        if name == "typing.cast" and len(node.args) == 2:
            return self.evaluate(node.args[1], frame)
        if name in _SAME_AS_ARGUMENT:
            if first is not None:
                return self.evaluate(first, frame)
            return [DictOf([(k.arg, k.value) for k in node.keywords if k.arg], [k.value for k in node.keywords if not k.arg], frame)]
        if name == "dataclasses.replace" and first is not None:
            return self._replaced(node, frame)
        if name in ("builtins.open", "io.open", "gzip.open") and first is not None:
            return self.file_of(self.evaluate(first, frame), node, frame)
        if last in _READERS and name.split(".")[0] in _READER_MODULES | {"builtins"} and first is not None:
            return self.config_of(self.evaluate(first, frame), node, frame)
        if name in ("builtins.str", "pathlib.Path", "pathlib.PurePath", "pathlib.PosixPath", "os.fspath") or name in (
            "os.path.abspath", "os.path.realpath", "os.path.expanduser", "os.path.normpath",
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
        if name.endswith("OmegaConf.merge"):
            return [DictOf([], list(node.args), frame)]
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
                    if keyword.arg:
                        replaced[keyword.arg] = (keyword.value, frame)
                found.append(
                    self._once(
                        ("replaced", id(node), id(frame), id(value)),
                        lambda v=value, r=replaced: Instance(v.cls, v.call, v.frame, r),
                    )
                )
        return found

    # -- SPDL -------------------------------------------------------------------------------------------------------

    def spdl_call(self, last: str, name: str, node: ast.Call, frame: Frame) -> list[Value]:
        first = node.args[0] if node.args else None
        keywords = {k.arg: k.value for k in node.keywords}
        if last == "PipelineBuilder":
            return [self._once(("builder", id(node), id(frame)), lambda: Builder(node, frame))]
        if last == "PipelineConfig":
            return [PipelineConfig(node, frame, False)]
        if last in ("build_pipeline", "run_pipeline_in_subprocess", "run_pipeline_in_subinterpreter"):
            kind = "build_pipeline" if last == "build_pipeline" else "subprocess"
            definition = first or keywords.get("pipeline_cfg") or keywords.get("config_or_builder")
            return [self._pipeline(kind, node, frame, (definition, frame) if definition is not None else None)]
        if last == "DataLoader":
            return [self._pipeline("dataloader", node, frame, None)]
        if last in ("PyTorchDataLoader", "get_pytorch_dataloader"):
            return [self._pipeline("pytorch_dataloader", node, frame, None)]
        if last in ("CacheDataLoader", "cache_iterator"):
            inner = first or keywords.get("dl") or keywords.get("src")
            return self.evaluate(inner, frame) if inner is not None else [Unknown(last)]
        if last in ("iterate_in_subprocess", "iterate_in_subinterpreter"):
            return self._iterated(node, frame)
        return [ExternalCall(name, node, frame)]

    def _pipeline(self, kind: str, node: ast.Call, frame: Frame, definition) -> Pipeline:
        return self._once(("pipeline", id(node), id(frame)), lambda: Pipeline(kind, node, frame, definition))

    def subprocess_helper(self, name: str, node: ast.Call, frame: Frame) -> list[Value]:
        """Our own rewrite for MTP."""
        if name == "_autoresearch_subprocess_loader":
            return [self._pipeline("subprocess_dataloader", node, frame, None)]
        return [self._pipeline("subprocess", node, frame, (node.args[0], frame) if node.args else None)]

    def _iterated(self, node: ast.Call, frame: Frame) -> list[Value]:
        found: list[Value] = []
        for callee in self.evaluate(node.args[0], frame) if node.args else []:
            call = self._once(("iterated", id(node)), lambda: ast.Call(node.args[0], [], []))
            found += self.call(callee, [(call, frame)])
        return found or [Unknown("iterate_in_subprocess")]

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
        if isinstance(receiver, (Leaf, DictOf, Arguments)) and name in ("get", "pop", "setdefault") and first is not None:
            key = self.number(first, frame)
            found = self.item(receiver, key, node, frame)
            if isinstance(found[0], Unknown) and len(node.args) > 1:
                return self.evaluate(node.args[1], frame)
            return found
        if isinstance(receiver, (Leaf, DictOf)) and name == "copy":
            return [receiver]
        if isinstance(receiver, FileRef):
            return [receiver]
        if name in ("parse_args", "parse_known_args", "parse_intermixed_args") and _is_parser(receiver):
            return [Arguments()]
        if isinstance(receiver, Concrete) and isinstance(receiver.value, str):
            return self._text_method(receiver, name, node, frame)
        if isinstance(receiver, ExternalCall) and receiver.name.endswith("ExitStack") and name == "enter_context" and first is not None:
            return self.entered(self.evaluate(first, frame))
        return [ExternalCall("", node, frame, receiver)]

    def _text_method(self, receiver: Concrete, name: str, node: ast.Call, frame: Frame) -> list[Value]:
        text = receiver.value
        if name in ("open", "read_text", "read_bytes"):
            return self.file_of([receiver], node, frame)
        if name in _PATH_SAME:
            return [receiver]
        if name in ("replace", "lower", "upper", "removeprefix", "removesuffix"):
            parts = [self.number(a, frame) for a in node.args]
            if all(isinstance(p, str) for p in parts):
                return [Computed(getattr(text, name)(*parts), node, frame)]
        if name in ("joinpath", "with_suffix", "with_name"):
            parts = [self.number(a, frame) for a in node.args]
            if all(isinstance(p, str) for p in parts):
                if name == "joinpath":
                    return [Computed(posixpath.join(text, *parts), node, frame)]
                stem = posixpath.splitext(text)[0] if name == "with_suffix" else posixpath.dirname(text) + "/"
                return [Computed(stem + parts[0], node, frame)]
        return [Unknown("text")]

    def path_attribute(self, base: Concrete, name: str, node: ast.AST, frame: Frame) -> list[Value]:
        if name == "parent":
            return [Computed(posixpath.dirname(base.value) or ".", node, frame)]
        if name == "parents":
            folders, at = [], base.value
            while posixpath.dirname(at) not in (at, ""):
                at = posixpath.dirname(at)
                folders.append(at)
            return [Concrete(folders)]
        if name in ("name", "stem"):
            file = posixpath.basename(base.value)
            return [Computed(file if name == "name" else posixpath.splitext(file)[0], node, frame)]
        return [Attribute(base, name, node, frame)]

    # -- files ------------------------------------------------------------------------------------------------------

    def file_of(self, values: list[Value], node: ast.Call, frame: Frame) -> list[Value]:
        for value in values:
            if isinstance(value, FileRef):
                return [value]
            if isinstance(value, Concrete) and isinstance(value.value, str):
                path = self.project.find_file(value.value)
                if path is not None:
                    return [FileRef(path)]
        return [ExternalCall("builtins.open", node, frame)]

    def config_of(self, values: list[Value], node: ast.Call, frame: Frame) -> list[Value]:
        for value in [*self.file_of(values, node, frame)]:
            if isinstance(value, FileRef) and is_config(value.path):
                leaf = self.config(value.path)
                return [leaf] if leaf is not None else [Unknown(self.config_problems[value.path])]
        return [ExternalCall("config", node, frame)]

    def _path(self, node: ast.Call, frame: Frame) -> list[Value]:
        parts = [self.number(a, frame) for a in node.args]
        if parts and all(isinstance(p, str) for p in parts):
            return [Computed(posixpath.join(*parts), node, frame)]
        if len(parts) == 1 and is_number(parts[0]):
            return [Computed(str(parts[0]), node, frame)]
        if not parts and not node.keywords:
            return [Computed(".", node, frame)]
        return [Unknown("path")]

    def _joined(self, node: ast.Call, frame: Frame) -> list[Value]:
        parts = [self.number(a, frame) for a in node.args]
        if parts and all(isinstance(p, str) for p in parts):
            return [Computed(posixpath.normpath(posixpath.join(*parts)), node, frame)]
        return [Unknown("path")]

    # -- numbers ----------------------------------------------------------------------------------------------------

    def _environment(self, node: ast.Call, frame: Frame) -> list[Value]:
        name = self.number(node.args[0], frame) if node.args else None
        given = self.project.launch.environment.get(name) if isinstance(name, str) else None
        if given is not None:
            return [Computed(given, node, frame)]
        default = node.args[1] if len(node.args) > 1 else next((k.value for k in node.keywords if k.arg == "default"), None)
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
