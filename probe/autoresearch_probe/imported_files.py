"""Records which Python files of the experiment's tree, or of the user's original, this process ran, with their hash;
on a host that sees neither, which files that are no installed package's.

A file is recorded before its code runs, so that a job that is killed, or fails in it, still has the record. Sweeps
over sys.modules find what comes by other ways: the script itself, extension modules, files loaded from an archive.
"""

import atexit
import importlib.machinery
import os
import sys

from . import complaints
from .table import Table

_recorder = None
# Of a process, where a log has to hold them: the script and what it imports first are the experiment's.
_TOLD = 100


def start(metrics_dir, probe_dir):
    global _recorder
    tree, original = (os.environ.get(name, "") for name in ("AUTORESEARCH_TREE_DIR", "AUTORESEARCH_ORIGINAL_DIR"))
    if metrics_dir is None:
        # Where the source stands here is known by what is run from it (domain/verdict/source-proof.ts).
        tree, original = os.sep, ""
    if not tree and not original:
        return
    most = _TOLD if metrics_dir is None else None
    _recorder = _Recorder(Table(metrics_dir, "imports", ("path", "sha256", "module")), _Places(tree, original, probe_dir), most)
    _observe_source_loader(_recorder)
    atexit.register(_sweep_at_exit)


def sweep():
    """Records the modules that are loaded and not yet recorded; cheap when nothing was loaded since."""
    if _recorder is not None:
        with complaints.guard():
            _recorder.sweep()


def _sweep_at_exit():
    sweep()
    with complaints.guard():
        # The interpreter takes a script's __file__ away before the exit handlers run.
        if _recorder is not None and sys.argv and os.path.isfile(sys.argv[0]):
            _recorder.record(sys.argv[0], "__main__")


def _observe_source_loader(recorder):
    loader = importlib.machinery.SourceFileLoader
    get_code = loader.get_code

    # get_code returns before the module's code runs: no frame of ours appears in the user's tracebacks.
    def get_code_and_record(self, fullname):
        code = get_code(self, fullname)
        with complaints.guard():
            recorder.record(self.path, fullname)
        return code

    loader.get_code = get_code_and_record


class _Recorder:
    def __init__(self, table, places, most):
        self._table = table
        self._places = places
        self._most = most
        self._recorded = set()
        self._modules_seen = 0

    def record(self, path, module):
        path = self._places.canonical(os.path.abspath(path))
        if path is None or path in self._recorded or self._most is not None and len(self._recorded) >= self._most:
            return
        self._recorded.add(path)
        self._table.append([(path, _sha256(path), module)])

    def sweep(self):
        if len(sys.modules) == self._modules_seen:
            return
        self._modules_seen = len(sys.modules)
        for name, module in list(sys.modules.items()):
            # Read from the dictionary: asking a lazy module for an attribute may import what it stands for.
            path = (getattr(module, "__dict__", None) or {}).get("__file__")
            if isinstance(path, str):
                self.record(path, name)


class _Places:
    """Tells whether a path lies in the tree or in the original, also when it is reached by another name."""

    def __init__(self, tree, original, probe_dir):
        self._roots = [_Root(folder) for folder in (tree, original) if folder]
        # The interpreter's own folders may lie in the source directory (a virtual environment): not the user's code.
        prefixes = {sys.prefix, sys.exec_prefix, sys.base_prefix, probe_dir}
        self._foreign = tuple(_inside(os.path.abspath(prefix)) for prefix in prefixes if os.path.abspath(prefix) != "/")
        self._real_folders = {}

    def canonical(self, path):
        """The path as below AUTORESEARCH_TREE_DIR or AUTORESEARCH_ORIGINAL_DIR, or None when it is in neither."""
        inside = next((root for root in self._roots if path.startswith(root.inside)), None)
        if inside is not None and self._is_foreign(path, inside):
            return None
        if inside is not None and not self._leads_to_original(path, inside):
            return path
        folder, name = os.path.split(path)
        real = os.path.join(self._real_folder(folder), name) if inside is None else os.path.realpath(path)
        root = next((root for root in self._roots if real.startswith(root.real_inside)), None)
        if root is None:
            return None
        path = root.inside + real[len(root.real_inside) :]
        return None if self._is_foreign(path, root) else path

    def _leads_to_original(self, path, root):
        """From the tree, through a link: no edit of the tree changes what is run, so it is told by its true place."""
        tree, *others = self._roots
        if root is not tree or not others:
            return False
        real = os.path.realpath(path)
        return not real.startswith(tree.real_inside) and real.startswith(others[0].real_inside)

    def _is_foreign(self, path, root):
        parts = path[len(root.inside) :].split(os.sep)
        if "site-packages" in parts or "dist-packages" in parts:
            return True
        # A prefix that holds the whole root (/, /usr, a home folder) says nothing about the files in it.
        return any(path.startswith(prefix) and not root.inside.startswith(prefix) for prefix in self._foreign)

    def _real_folder(self, folder):
        real = self._real_folders.get(folder)
        if real is None:
            real = self._real_folders[folder] = os.path.realpath(folder)
        return real


class _Root:
    def __init__(self, folder):
        self.inside = _inside(os.path.abspath(folder))
        self.real_inside = _inside(os.path.realpath(folder))


def _inside(folder):
    return folder.rstrip(os.sep) + os.sep


def _sha256(path):
    # Imported late: a job that runs no file of the source directory does not pay for it.
    import hashlib

    digest = hashlib.sha256()
    with open(path, "rb") as file:
        for block in iter(lambda: file.read(1 << 20), b""):
            digest.update(block)
    return digest.hexdigest()
