"""The Python files of a job: the script and what it imports from the source directory, parsed, with scopes and parents.

Nothing here imports or runs the user's code, and nothing here knows SPDL.
"""

from __future__ import annotations

import ast
import os
import sys
from pathlib import Path

from ..command.launch_command import LaunchCommand
from .scopes import Scope, build_scopes
from .source_text import SourceText, from_reply

MAX_MODULES = 400


class SourceRefused(Exception):
    """The source cannot be worked on at all; the message says why."""


class Module:
    """One parsed file. `path` is relative to the source directory, with forward slashes."""

    def __init__(self, name: str, path: str, data: bytes, is_package: bool) -> None:
        try:
            self.source = SourceText(data)
        except (SyntaxError, UnicodeDecodeError) as error:
            raise SourceRefused(f"{path} cannot be read as Python reads it: {error}") from None
        self.text = self.source.text
        if "\r" in self.text.replace("\r\n", ""):
            raise SourceRefused(f"{path} has line ends that are a lone carriage return; save it with \\n or \\r\\n")
        self.name = name
        self.path = path
        self.is_package = is_package
        try:
            self.tree = ast.parse(self.text)
        except (SyntaxError, ValueError) as error:
            version = ".".join(map(str, sys.version_info[:3]))
            raise SourceRefused(
                f"{path} does not parse with {sys.executable} (Python {version}): {error}; "
                "if the job runs with another Python, name that one with --python"
            ) from None
        self.lines = self.source.data.split(b"\n")
        self.parents: dict[ast.AST, ast.AST] = {}
        for parent in ast.walk(self.tree):
            for child in ast.iter_child_nodes(parent):
                self.parents[child] = parent
        self.scope, self.scopes = build_scopes(self)

    def text_of(self, node: ast.AST) -> str:
        if not hasattr(node, "lineno"):
            return ""
        starts = self.source.starts
        first, last = starts[node.lineno - 1] + node.col_offset, starts[node.end_lineno - 1] + node.end_col_offset
        return self.source.data[first:last].decode("utf-8")

    def ancestors(self, node: ast.AST):
        while (node := self.parents.get(node)) is not None:
            yield node

    def scope_at(self, node: ast.AST) -> Scope:
        """Scope in which an expression is evaluated: defaults and decorators belong to the outer one."""
        child = node
        for parent in self.ancestors(node):
            if parent in self.scopes and _is_inside_body(parent, child):
                return self.scopes[parent]
            child = parent
        return self.scope

    def package(self) -> str:
        return self.name if self.is_package else self.name.rpartition(".")[0]


def _is_inside_body(owner: ast.AST, child: ast.AST) -> bool:
    if isinstance(owner, ast.Module):
        return True
    if isinstance(owner, ast.Lambda):
        return child is owner.body
    return child in getattr(owner, "body", ())


def _imports_its_files(module: Module) -> bool:
    """`for each in pkgutil.iter_modules(__path__): import_module(…)`: a package that loads all of its folder."""
    calls = [n for n in ast.walk(module.tree) if isinstance(n, ast.Call)]
    names = {n.func.attr if isinstance(n.func, ast.Attribute) else getattr(n.func, "id", "") for n in calls}
    return bool(names & {"import_module", "__import__"}) and bool(
        names & {"iter_modules", "walk_packages", "glob", "iglob", "listdir", "iterdir", "scandir", "rglob"}
    )


class Project:
    """Follows imports from the script; `modules` is in order of discovery, the script first."""

    def __init__(
        self, source_dir: str, script: str, launch_command: str, overlay: dict[str, str] | None = None
    ) -> None:
        self.root = Path(source_dir).resolve()
        # The source directory's own path may be given through a link: commands then name it that way.
        self.given_root = os.path.abspath(source_dir)
        self.overlay = overlay or {}
        self.problems: list[str] = []
        self.script = self._relative(script)
        self.launch = LaunchCommand(launch_command, self.script, self)
        self.modules: list[Module] = []
        self._by_name: dict[str, Module | None] = {}
        self._by_path: dict[str, Module] = {}
        self._followed = 0
        main = self._load(self._module_name(self.script), self.script)
        if main is None:
            raise SourceRefused(f"pipeline script {self.script!r} is not a file of the source directory")
        self.main = main
        self._follow()

    # -- files ------------------------------------------------------------------------------------------------------

    def _relative(self, path: str) -> str:
        if os.path.isabs(path):
            for root in (self.given_root, str(self.root)):
                if path == root or path.startswith(root + os.sep):
                    return Path(os.path.relpath(path, root)).as_posix()
            resolved = os.path.realpath(path)
            if resolved.startswith(str(self.root) + os.sep):
                return Path(os.path.relpath(resolved, self.root)).as_posix()
            return path
        return Path(os.path.normpath(path)).as_posix()

    def find_file(self, path: str) -> str | None:
        """Relative path of a file under the source directory that a path in the code or command may mean."""
        if not path or "\0" in path or "\n" in path or len(path) > 500:
            return None
        places = [path] if os.path.isabs(path) else [path, *(os.path.join(d, path) for d in self._working_dirs())]
        for place in places:
            relative = self._relative(place)
            if not os.path.isabs(relative) and not relative.startswith("..") and self.exists(relative):
                return relative
        return None

    def _working_dirs(self) -> list[str]:
        script_dir = os.path.dirname(self.script)
        return [d for d in dict.fromkeys([*self.launch.working_dirs, script_dir]) if d]

    def exists(self, relative: str) -> bool:
        return relative in self.overlay or (self.root / relative).is_file()

    def read_bytes(self, relative: str) -> bytes:
        file = self.root / relative
        if relative in self.overlay:
            return from_reply(self.overlay[relative], file.read_bytes() if file.is_file() else None)
        return file.read_bytes()

    # -- modules ----------------------------------------------------------------------------------------------------

    def import_roots(self) -> list[str]:
        """Directories (relative to the source directory) on the job's sys.path, most likely first."""
        roots = [os.path.dirname(self.script), *self.launch.working_dirs, "", *self.launch.python_path, "src", "lib"]
        return list(dict.fromkeys("" if r == "." else r for r in roots))

    def _module_name(self, path: str) -> str:
        """Dotted name by the packages (`__init__.py`) that enclose a file."""
        folder, file = os.path.split(path)
        stem = file[:-3] if file.endswith(".py") else file
        parts = [] if stem == "__init__" else [stem]
        while folder and self.exists(f"{folder}/__init__.py"):
            folder, name = os.path.split(folder)
            parts.insert(0, name)
        if len(parts) == 1 and self.launch.module and self.launch.module.rpartition(".")[2] == parts[0]:
            return self.launch.module
        return ".".join(parts) or "__main__"

    def _load(self, name: str, path: str) -> Module | None:
        if path in self._by_path:
            return self._by_path[path]
        if len(self.modules) >= MAX_MODULES or not self.exists(path):
            return None
        try:
            module = Module(name, path, self.read_bytes(path), os.path.basename(path) == "__init__.py")
        except SourceRefused as error:
            if not self.modules:
                raise
            self.problems.append(str(error))
            return None
        self._by_path[path] = module
        self.modules.append(module)
        return module

    def module(self, name: str) -> Module | None:
        """Module by its absolute dotted name, when it is a file of the source directory."""
        if name not in self._by_name:
            self._by_name[name] = self._find_module(name)
        return self._by_name[name]

    def _find_module(self, name: str) -> Module | None:
        stem = name.replace(".", "/")
        for root in self.import_roots():
            base = f"{root}/{stem}" if root else stem
            for path in (f"{base}/__init__.py", f"{base}.py"):
                if self.exists(path):
                    return self._load(name, path)
        return None

    def file(self, path: str) -> Module | None:
        """Module of a file that the code runs by its path, with what it imports."""
        return self._and_imports(self._load(self._module_name(path), path))

    def imported(self, name: str) -> Module | None:
        """Module of an import by a name that the code has as text, with what it imports."""
        return self._and_imports(self.module(name))

    def _and_imports(self, module: Module | None) -> Module | None:
        self._follow()
        return module

    def resolve_import(self, module: Module, node: ast.ImportFrom) -> str:
        """Absolute dotted name of the module that `from … import` reads."""
        if not node.level:
            return node.module or ""
        parts = module.package().split(".") if module.package() else []
        parts = parts[: len(parts) - (node.level - 1)] if node.level > 1 else parts
        return ".".join([*parts, *([node.module] if node.module else [])])

    def _load_siblings(self, package: Module) -> None:
        folder = os.path.dirname(package.path)
        for file in sorted((self.root / folder).glob("*.py")):
            self.module(f"{package.name}.{file.stem}" if file.stem != "__init__" else package.name)

    def _follow(self) -> None:
        while self._followed < len(self.modules):
            module = self.modules[self._followed]
            self._followed += 1
            if module.is_package and _imports_its_files(module):
                self._load_siblings(module)
            for node in ast.walk(module.tree):
                if isinstance(node, ast.Import):
                    for alias in node.names:
                        parts = alias.name.split(".")
                        for end in range(1, len(parts) + 1):
                            self.module(".".join(parts[:end]))
                elif isinstance(node, ast.ImportFrom):
                    name = self.resolve_import(module, node)
                    parts = name.split(".")
                    for end in range(1, len(parts) + 1):
                        self.module(".".join(parts[:end]))
                    for alias in node.names:
                        if alias.name != "*":
                            self.module(f"{name}.{alias.name}" if name else alias.name)
