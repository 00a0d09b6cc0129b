"""Records the exception that ends this process, before the user's own hook tells of it: a shell may hide its exit
code.
"""

import sys
import time

from . import complaints
from .table import Table


def start(metrics_dir):
    table = Table(metrics_dir, "uncaught", ("time_s", "type", "message"))
    shown = sys.excepthook

    def excepthook(kind, error, trace):
        with complaints.guard():
            if not issubclass(kind, (KeyboardInterrupt, SystemExit)):
                table.append([(f"{time.time():.3f}", kind.__name__, str(error)[:300])])
        shown(kind, error, trace)

    sys.excepthook = excepthook
