"""What else uses the CPUs of a job while it runs: all that the system counts as busy there, less the job's own time."""

import os

_TICKS_PER_S = os.sysconf("SC_CLK_TCK")


class OtherWork:
    """Of the CPUs in `cpus`, or of those that this process may use. Unknown where there is no /proc/stat."""

    def __init__(self, cpus=None):
        self._cpus = set(cpus or (os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else ()))
        self._busy_before = None
        self._job_before = 0.0
        self._counted_s = 0.0

    def share_pct(self, job_s, elapsed_s):
        """Of the CPUs' time since the last call, as text, '' = unknown; `job_s` is the job's own time since it
        began.
        """
        busy_s = self._busy()
        if busy_s is None or not self._cpus:
            return ""
        if self._busy_before is None:
            self._busy_before, self._job_before = busy_s, job_s
            return ""
        # Counted from the beginning: a child that has ended is missing in the job's time until its parent asks for it.
        others_s = (busy_s - self._busy_before) - (job_s - self._job_before)
        new_s = max(0.0, others_s - self._counted_s)
        self._counted_s += new_s
        return f"{min(100.0, 100 * new_s / (elapsed_s * len(self._cpus))):.1f}" if elapsed_s > 0 else ""

    def _busy(self):
        try:
            with open("/proc/stat", encoding="ascii") as file:
                lines = file.readlines()
        except OSError:
            return None
        ticks = 0
        for line in lines:
            name, *fields = line.split()
            if name.startswith("cpu") and name[3:].isdigit() and int(name[3:]) in self._cpus:
                user, nice, system, _idle, _iowait, irq, softirq, *more = map(int, fields)
                # What a hypervisor gave to other guests (steal) was not there for the job either.
                ticks += user + nice + system + irq + softirq + (more[0] if more else 0)
        return ticks / _TICKS_PER_S
