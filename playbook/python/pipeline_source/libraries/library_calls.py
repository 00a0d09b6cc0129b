"""What calls of libraries stand for: copies, readers of files, conversions. By name; nothing is imported."""

from __future__ import annotations

import ast
import posixpath
from dataclasses import dataclass

from ..command.overrides import Overrides
from ..flow.classes import Classes
from ..flow.evaluator import Evaluator
from ..flow.instances import Instances
from ..values.layers import layered
from ..values.made import Made
from ..values.values import Class, Computed, DictOf, ExternalCall, Frame, Instance, ModuleRef, Unknown, Value
from .file_paths import FilePaths
from .hydra_targets import HydraTargets
from .numbers import LibraryNumbers
from .python_configs import PythonConfigs
from .registries import Registries
from .spdl_calls import SpdlCalls, spdl_name

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


@dataclass(eq=False)
class LibraryCalls:
    """Asks those who know one library, then goes by the dotted name."""

    _made: Made
    _evaluator: Evaluator
    _classes: Classes
    _instances: Instances
    _registries: Registries
    _overrides: Overrides
    _python_configs: PythonConfigs
    _numbers: LibraryNumbers
    _file_paths: FilePaths
    _spdl_calls: SpdlCalls
    _hydra_targets: HydraTargets

    def of(self, name: str, node: ast.Call, frame: Frame) -> list[Value]:
        spdl = spdl_name(name)
        if spdl is not None:
            return self._spdl_calls.of(spdl, name, node, frame)
        read = self._python_configs.of_call(name, node, frame)
        if read is not None:
            return read
        made = self._hydra_targets.instantiated(name, node, frame)
        if made is not None:
            return made
        last = name.rpartition(".")[2]
        first = node.args[0] if node.args else None
        if name == "builtins.getattr" and len(node.args) >= 2:
            return self._getattr(node, frame)
        if name == "typing.cast" and len(node.args) == 2:
            return self._evaluator.evaluate(node.args[1], frame)
        if name in _SAME_AS_ARGUMENT:
            return self._same(name, first, node, frame)
        if last == "build_from_cfg" and len(node.args) >= 2:
            for registry in self._evaluator.evaluate(node.args[1], frame):
                if made := self._registries.built_by(registry, node, node.args[0], frame):
                    return made
        if name == "builtins.compile" and first is not None:
            return self._evaluator.evaluate(first, frame)
        if name == "dataclasses.replace" and first is not None:
            return self._replaced(node, frame)
        if name in ("builtins.open", "io.open", "gzip.open") and first is not None:
            return self._file_paths.file_of(self._evaluator.evaluate(first, frame), node, frame)
        if last in _READERS and name.split(".")[0] in _READER_MODULES | {"builtins"} and first is not None:
            return self._file_paths.config_of(self._evaluator.evaluate(first, frame), node, frame)
        if name in ("builtins.str", "pathlib.Path", "pathlib.PurePath", "pathlib.PosixPath", "os.fspath") or name in (
            "os.path.abspath",
            "os.path.realpath",
            "os.path.expanduser",
            "os.path.normpath",
        ):
            return self._file_paths.path(node, frame)
        if name == "os.path.join":
            return self._file_paths.joined(node, frame)
        if name == "os.path.dirname":
            text = self._evaluator.number(first, frame) if first is not None else None
            return [Computed(posixpath.dirname(text), node, frame)] if isinstance(text, str) else [Unknown("path")]
        if (known := self._numbers.of_call(name, node, frame)) is not None:
            return known
        if name.endswith("OmegaConf.structured") and first is not None:
            given = self._evaluator.evaluate(first, frame)
            return [i for v in given for i in (self._instances.open(v) if isinstance(v, Class) else [v])]
        if name.endswith("OmegaConf.merge"):
            parts = [
                v
                for a in node.args
                for v in self._evaluator.evaluate(a, frame)[:1]
                if not isinstance(v, (Unknown, ExternalCall))
            ]
            return [layered(parts)] if parts else [Unknown("merge")]
        return [ExternalCall(name, node, frame)]

    def _same(self, name: str, first: ast.AST | None, node: ast.Call, frame: Frame) -> list[Value]:
        """What a copy, a conversion of a mapping, or a wrapper gives: what it was given."""
        if first is not None and name == "builtins.dict" and node.keywords:
            named = [(k.arg, k.value) for k in node.keywords if k.arg]
            spreads = [first, *[k.value for k in node.keywords if not k.arg]]
            return [self._made.once(("dict", id(node), id(frame)), lambda: DictOf(named, spreads, frame))]
        if first is not None:
            found = self._evaluator.evaluate(first, frame)
            return [
                i
                for v in found
                for i in (self._evaluator.attribute(v, "__dict__", node, frame) if isinstance(v, ModuleRef) else [v])
            ]
        named = [(k.arg, k.value) for k in node.keywords if k.arg]
        spreads = [k.value for k in node.keywords if not k.arg]
        made = self._made.once(("dict", id(node), id(frame)), lambda: DictOf(named, spreads, frame))
        if name.rpartition(".")[2] == "CfgNode":
            # Its keys are overridden by the command's words, by their dotted path from the root.
            self._overrides.paths.setdefault(id(made), "")
        return [made]

    def _getattr(self, node: ast.Call, frame: Frame) -> list[Value]:
        name = self._evaluator.number(node.args[1], frame)
        if not isinstance(name, str):
            return [Unknown("getattr")]
        found: list[Value] = []
        for base in self._evaluator.evaluate(node.args[0], frame):
            found += self._evaluator.attribute(base, name, node.args[0], frame)
        known = [v for v in found if not isinstance(v, Unknown)]
        return known or (self._evaluator.evaluate(node.args[2], frame) if len(node.args) > 2 else found)

    def _replaced(self, node: ast.Call, frame: Frame) -> list[Value]:
        found: list[Value] = []
        for value in self._evaluator.evaluate(node.args[0], frame):
            if isinstance(value, Instance):
                replaced = dict(value.replaced)
                for keyword in node.keywords:
                    for field in [keyword.arg] if keyword.arg else self._classes.fields(value.cls):
                        given = keyword.value if keyword.arg else self._spread_entry(keyword, field, frame)
                        if given is not None:
                            replaced[field] = (given, frame)
                found.append(
                    self._made.once(
                        ("replaced", id(node), id(frame), id(value)),
                        lambda v=value, r=replaced: Instance(v.cls, v.call, v.frame, r),
                    )
                )
        return found

    def _spread_entry(self, keyword: ast.keyword, field: str, frame: Frame) -> ast.AST | None:
        """`mapping["field"]` of `replace(config, **mapping)`, where the mapping is known to hold it."""
        for value in self._evaluator.evaluate(keyword.value, frame):
            if not isinstance(self._evaluator.item(value, field, keyword.value, frame)[0], Unknown):
                made = ast.Subscript(keyword.value, ast.Constant(field), ast.Load())
                return self._made.once(("spread", id(keyword), field), lambda: ast.copy_location(made, keyword.value))
        return None
