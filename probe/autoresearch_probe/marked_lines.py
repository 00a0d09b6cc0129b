"""Tells rows of tables in the job's own log, where its host does not see the run's metrics folder.

A line on stderr stands for itself, so that it may be lost, repeated or cut without harm to the others:
`[autoresearch-probe] <crc32 of the rest>:{"table": …, "rank": …, "pid": …, "host": …, "start": …, "n": …, "columns": […],
"rows": [[…], …]}`, without blanks in the JSON. jobs/output/marked-lines.ts takes them out of the log again.

What a process tells is bounded: it tells at most once in a hundredth of its age (in jobs of many ranks less often), then
a row for each stage where it has more than fit into a line, and nothing but its last rows beyond _MOST_BYTES.
"""

import atexit
import json
import os
import sys
import threading
import time
import zlib

from . import background, complaints, merged_rows, place

MARK = "[autoresearch-probe]"
# Shorter than what a pipe takes as a whole (4096): lines of several processes do not mix.
_LINE_BYTES = 4000
_SHORTEST_PAUSE_S = 1.0
_SHARE_OF_AGE = 0.01
# So many ranks tell as often as one; more of them share what those may tell.
_RANKS_AT_ONCE = 8
_MOST_BYTES = 4 * 1024 * 1024
_LAST_LINES = 16
# Of a table, while they wait.
_ROWS_KEPT = 1000
_AT_ONCE = ("uncaught",)
_STDERR = 2


def is_wanted(environ):
    """AUTORESEARCH_PROBE_TO: `log`, `auto` (where there is no metrics folder), else files."""
    told = environ.get("AUTORESEARCH_PROBE_TO", "")
    if told == "auto":
        return not os.path.isdir(environ.get("AUTORESEARCH_METRICS_DIR", ""))
    if told not in ("", "files", "log"):
        raise ValueError(f"AUTORESEARCH_PROBE_TO must be log, files or auto, not {told!r}")
    return told == "log"


def tell(table, columns, rows):
    _teller.add(table, columns, rows)


class _Teller:
    def __init__(self):
        self._lock = threading.Lock()
        self._began = self._due = time.monotonic()
        self._start = f"{time.time_ns():x}"
        self._pending = {}
        self._lines = self._bytes = self._dropped = 0
        self._stderr = _identity(_STDERR)
        self._is_watched = False

    def add(self, table, columns, rows):
        with self._lock:
            self._watch_end()
            self._pending.setdefault(table, (columns, []))[1].extend(rows)
            now = time.monotonic()
            if table in _AT_ONCE or now >= self._due and self._bytes < _MOST_BYTES:
                self._due = now + max(_SHORTEST_PAUSE_S, _SHARE_OF_AGE * (now - self._began)) * _crowd()
                self._tell_pending()
            elif len(self._pending[table][1]) > 2 * _ROWS_KEPT:
                kept = merged_rows.merged(table, columns, self._pending[table][1])
                self._dropped += max(0, len(kept) - _ROWS_KEPT)
                self._pending[table] = (columns, kept[-_ROWS_KEPT:])

    def tell_rest(self):
        background.flush()
        with self._lock:
            self._tell_pending()

    def _watch_end(self):
        if self._is_watched:
            return
        self._is_watched = True
        # A child of multiprocessing ends without the interpreter's exit handlers, and runs these finalizers.
        if multiprocessing_util := sys.modules.get("multiprocessing.util"):
            multiprocessing_util.Finalize(None, _tell_rest, exitpriority=0)

    def _tell_pending(self):
        pending, self._pending = self._pending, {}
        most = self._lines + max(_LAST_LINES, (_MOST_BYTES - self._bytes) // _LINE_BYTES)
        for table, (columns, rows) in pending.items():
            parts = self._parts(table, columns, rows)
            if len(parts) > 1:
                parts = self._parts(table, columns, merged_rows.merged(table, columns, rows))
            for part in parts:
                if self._lines < most:
                    self._write(self._line(table, columns, part))
                else:
                    self._dropped += len(part)

    def _parts(self, table, columns, rows):
        """The rows in as many parts as there must be lines."""
        room = _LINE_BYTES - len(self._line(table, columns, [])) - 8
        parts, left = [], 0
        for row in rows:
            size = len(_json(_cells(row))) + 1
            if size > room:
                self._dropped += 1
            elif parts and size <= left:
                parts[-1].append(row)
                left -= size
            else:
                parts.append([row])
                left = room - size
        return parts

    def _line(self, table, columns, rows):
        rank, pid, host = place.process()
        told = {
            "table": table,
            "rank": None if rank is None else int(rank),
            "pid": pid,
            "host": host,
            "start": self._start,
            "n": self._lines,
            **({"dropped": self._dropped} if self._dropped else {}),
            "columns": columns,
            "rows": [_cells(row) for row in rows],
        }
        text = _json(told)
        return f"{MARK} {zlib.crc32(text.encode()):08x}:{text}\n"

    def _write(self, line):
        # Where the job closed its stderr, its number may be that of a file of the job's.
        if self._stderr is None or _identity(_STDERR) != self._stderr:
            return
        self._lines += 1
        self._bytes += len(line)
        os.write(_STDERR, line.encode())


def _cells(row):
    return [format(cell, ".9g") if isinstance(cell, float) else str(cell) for cell in row]


def _json(value):
    # ASCII, and one word: whatever is put around it, or breaks it, shows.
    text = json.dumps(value, separators=(",", ":"))
    return text.replace(" ", "\\u0020").replace(MARK, "\\u005b" + MARK[1:])


def _identity(descriptor):
    try:
        status = os.fstat(descriptor)
    except OSError:
        return None
    return status.st_dev, status.st_ino


def _crowd():
    ranks = os.environ.get("WORLD_SIZE", "")
    return max(1.0, int(ranks) / _RANKS_AT_ONCE) if ranks.isascii() and ranks.isdigit() and len(ranks) < 8 else 1.0


_teller = _Teller()


def _tell_rest():
    with complaints.guard():
        _teller.tell_rest()


def _forget():
    # What was due in the parent is the parent's to tell.
    global _teller
    _teller = _Teller()


atexit.register(_tell_rest)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)
