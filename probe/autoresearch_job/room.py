"""A full disk is waited for: what is known of a job must not be lost for want of a few bytes."""

import errno
import glob
import os
import time

_FULL = (errno.ENOSPC, errno.EDQUOT)
# Somebody who makes room does not wait longer than this.
_AGAIN_S = 1.0


def when_there_is_room(act):
    """What act() answers, tried again for as long as the disk is full. It may be called any number of times."""
    while True:
        try:
            return act()
        except OSError as error:
            if error.errno not in _FULL:
                raise
            time.sleep(_AGAIN_S)


def if_there_is_room(act):
    """For what must not wait: it is left out where the disk is full."""
    try:
        act()
    except OSError as error:
        if error.errno not in _FULL:
            raise


def complain(text):
    """Into the runner's log, which may be on the full disk itself: a runner that cannot even complain goes on."""
    try:
        # Past the buffer of sys.stderr, which would keep what it could not write, and fail again at the end.
        os.write(2, f"autoresearch job runner: {text}\n".encode("utf-8", "backslashreplace"))
    except OSError:
        pass


def lacked_room(metrics_dir):
    """Whether the exception that ended a process of the job could not be written down (autoresearch_probe, which makes
    its table and finds no byte for it). The disk may have room again before anybody looks."""
    folder = glob.escape(metrics_dir)
    tables = [path for ranks in ("", "rank-*") for path in glob.glob(os.path.join(folder, ranks, "uncaught-*.tsv"))]
    try:
        return any(os.path.getsize(table) == 0 for table in tables)
    except OSError:
        return False
