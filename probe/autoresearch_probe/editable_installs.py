"""Lets packages that are installed in editable mode from the user's original be imported from the experiment's tree.

`pip install -e` leaves a path of the original in an environment, which all experiments share: as an entry of sys.path, or in
the table of a finder (setuptools' MAPPING and NAMESPACES, `_redirections` of the package `editables`). Each such path is
replaced by the same one in the tree, where the tree has it. Called when `site` has read all of the environment's .pth files.
"""

import os
import sys


def start():
    tree, original = (os.environ.get(name, "") for name in ("AUTORESEARCH_TREE_DIR", "AUTORESEARCH_ORIGINAL_DIR"))
    if not tree or not original:
        return
    moved = _Moved(tree, original)
    sys.path[:] = [moved.path(entry) for entry in sys.path]
    for finder in list(sys.meta_path):
        home = sys.modules.get(getattr(finder, "__module__", None) or "")
        for table in (getattr(home, "MAPPING", None), getattr(home, "NAMESPACES", None), getattr(finder, "_redirections", None)):
            if isinstance(table, dict):
                table.update({name: moved.value(value) for name, value in table.items()})


class _Moved:
    def __init__(self, tree, original):
        self._tree = os.path.abspath(tree)
        self._originals = {os.path.abspath(original), os.path.realpath(original)}
        # Environments may lie in the source directory; nobody edits what is installed in them.
        self._environments = [os.path.abspath(prefix) for prefix in (sys.prefix, sys.exec_prefix, sys.base_prefix)]

    def value(self, value):
        if isinstance(value, list):
            return [self.value(each) for each in value]
        return self.path(value)

    def path(self, path):
        if not isinstance(path, str) or not os.path.isabs(path):
            return path
        plain = os.path.normpath(path)
        # The tree itself may lie in the original.
        if _is_in(plain, self._tree) or any(_is_in(plain, each) and not _is_in(self._tree, each) for each in self._environments):
            return path
        for original in self._originals:
            if _is_in(plain, original):
                moved = self._tree + plain[len(original) :]
                return moved if os.path.exists(moved) else path
        return path


def _is_in(path, folder):
    return path == folder or path.startswith(folder.rstrip(os.sep) + os.sep)
