"""Samples a job on a host that does not see the run's metrics folder, and tells them in the job's log as the probe
does its tables. The script of the bundle starts it beside the command: `told_samples.py <pid>`; it ends with that
process.

A row has some 40 bytes, and the rows of a hundredth of the job's age leave together (marked_lines.py keeps the
bounds). What other work used is not told: in a container nobody sees whose the CPUs are.
"""

import os
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

import processes
import sampling
from autoresearch_probe import marked_lines

# As often as the job runner, so that means over the rows are means over the time.
_EVERY_S = 1.0
_LOOK_S = 0.2
_COLUMNS = ("time_s", "cpu_pct", "rss_mb", "sm_pct", "gpu_mem_mb")


class _TellingSampler(sampling.Sampler):
    def _living(self, roots):
        # In a container the command is the parent of what has lost its own, and so of this process.
        own = {os.getpid(), *self.helper_pids}
        return [process for process in super()._living(roots) if process.pid not in own]

    def _append(self, name, *cells):
        # Of one table; its last cell would be what others use.
        marked_lines.tell("system", _COLUMNS, [(f"{time.time():.3f}", *cells[: len(_COLUMNS) - 1])])


def main(pid):
    token = processes.identity(pid)
    sampler = _TellingSampler(None, os.environ, sees_others=False)
    due = time.monotonic() + _EVERY_S
    while token is not None and processes.identity(pid) == token:
        if time.monotonic() >= due:
            due += _EVERY_S
            sampler.sample([pid])
        time.sleep(_LOOK_S)
    sampler.stop()


if __name__ == "__main__" and marked_lines.is_wanted(os.environ):
    main(int(sys.argv[1]))
