"""Records which files outside of the experiment's tree this process opened for writing, and which folders it made or
made sure of.

By Python's own audit events, so that it does not matter how a path was put together. What a library writes without
Python's help (HDF5, a checkpoint in C++) shows by its folder alone, and what other programs write does not show.
"""

import _thread
import os
import re
import sys

from . import complaints
from .table import Table

_LIMIT = 200
_FOLDERS = 1000
_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
# Which argument of an event is the path that is written to.
_PATH_AT = {"open": 0, "os.mkdir": 0, "os.rename": 1, "os.link": 1, "os.symlink": 1, "os.truncate": 0, "sqlite3.connect": 0}
# No file that a later job could find, or is meant to: devices, and names that tempfile draws.
_NOT_TOLD = re.compile(r"^/(?:dev|proc|sys)/|/(?:tmp|pymp-)[a-z0-9_]{8}(?:[/.]|$)|/__pycache__(?:/|$)|\.py[co](?:\.\d+)?$|\.lock$")

_IN_MEMORY = re.compile(r"/(?::memory:|file:[^/]*)$")


def start(metrics_dir):
    own = [os.environ.get("AUTORESEARCH_TREE_DIR"), os.environ.get("WORKDIR"), metrics_dir]
    recorder = _Recorder(Table(metrics_dir, "written", ("path",)), [folder for folder in own if folder])
    sys.addaudithook(recorder.hear)


class _Recorder:
    def __init__(self, table, own):
        self._table = table
        self._own = tuple({os.path.join(path(folder), "") for folder in own for path in (os.path.abspath, os.path.realpath)})
        self._seen = set()
        self._real_folders = {}
        # Threads in which what is heard comes from here.
        self._busy = set()

    def hear(self, event, args):
        """Called for each audit event of the process, of which nearly all are none of these."""
        at = _PATH_AT.get(event)
        if at is None or event == "open" and not _is_write(args):
            return
        thread = _thread.get_ident()
        if thread in self._busy or len(self._seen) >= _LIMIT or sys.is_finalizing():
            return
        self._busy.add(thread)
        try:
            with complaints.guard():
                self._record(args[at], event)
        finally:
            self._busy.discard(thread)

    def _record(self, path, event):
        if isinstance(path, int) or not path:
            return
        path = os.path.abspath(os.fsdecode(path))
        if path in self._seen or _NOT_TOLD.search(path) or event == "sqlite3.connect" and _IN_MEMORY.search(path):
            return
        folder, name = os.path.split(path)
        real = os.path.join(self._real_folder(folder), name)
        # Python opens a folder for a temporary file in it.
        if real.startswith(self._own) or event == "open" and os.path.isdir(real):
            return
        self._seen.add(path)
        self._table.append([(real,)])

    def _real_folder(self, folder):
        real = self._real_folders.get(folder)
        if real is None:
            if len(self._real_folders) >= _FOLDERS:
                self._real_folders.clear()
            real = self._real_folders[folder] = os.path.realpath(folder)
        return real


def _is_write(args):
    # (path, mode, flags): the flags of open() are those of its mode, and os.open() has no mode.
    return len(args) == 3 and isinstance(args[2], int) and args[2] & _WRITES
