"""Runs the probe's file work in a thread of its own, a moment later.

SPDL's event loop must not wait for a file: above all not when a pipeline ends, where its consumer looks once whether
the end was reached and otherwise sleeps for a tenth of a second.
"""

import atexit
import os
import sys
import threading
import time
from collections import deque

from . import complaints

# Work that comes in one burst (a row for each stage and queue) is done at one go.
_BURST_S = 0.02

_work = deque()
_asked = threading.Event()
_one_at_a_time = threading.Lock()
_thread = None


def later(function):
    """Calls `function` soon, at the latest when this process ends in an orderly way. Its errors are complaints."""
    _work.append(function)
    if _thread is None:
        _start()
    _asked.set()


def flush():
    """Does at once what is due."""
    with _one_at_a_time:
        while _work:
            with complaints.guard():
                _work.popleft()()


def _start():
    global _thread
    _thread = threading.Thread(target=_run, name="autoresearch-probe", daemon=True)
    _thread.start()
    # A child of multiprocessing ends without the interpreter's exit handlers, but runs the finalizers of this module,
    # which it has loaded.
    if multiprocessing_util := sys.modules.get("multiprocessing.util"):
        multiprocessing_util.Finalize(None, flush, exitpriority=0)


def _run():
    while True:
        _asked.wait()
        time.sleep(_BURST_S)
        _asked.clear()
        flush()


def _forget():
    # What was due in the parent is the parent's to do; its thread does not exist in a child.
    global _asked, _one_at_a_time, _thread
    _work.clear()
    _asked, _one_at_a_time, _thread = threading.Event(), threading.Lock(), None


atexit.register(flush)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)
