"""How the probe reports its own errors: one line on stderr, once for a process and the processes that it starts."""

import os
import sys
from contextlib import contextmanager

_SAID = "AUTORESEARCH_PROBE_COMPLAINED"


def complain(error):
    try:
        if _SAID in os.environ:
            return
        os.environ[_SAID] = "1"
        text = " ".join(f"{type(error).__name__}: {error}".split())
        sys.stderr.write(f"autoresearch probe: statistics are incomplete: {text}\n")
        sys.stderr.flush()
    except Exception:
        # A job without a usable stderr still goes on.
        pass


@contextmanager
def guard():
    try:
        yield
    except Exception as error:
        complain(error)
