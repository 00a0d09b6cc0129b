"""What other processes do on the GPUs of a job, as `nvidia-smi pmon` shows it. A look takes up to half a second of a
program
of its own, so there is one every ten seconds, and nobody waits for it."""

import os
import shutil
import time

import processes

_LOOK_EVERY_S = 10.0


class OtherGpuWork:
    """Of the GPUs in CUDA_VISIBLE_DEVICES; without it, of those on which the job itself was seen: a job seldom uses
    all.
    """

    def __init__(self, environment):
        visible = environment.get("CUDA_VISIBLE_DEVICES")
        # Empty or -1: it sees no GPU at all.
        self._program = None if visible in ("", "-1") else shutil.which("nvidia-smi", path=environment.get("PATH"))
        self._chosen = ["-i", visible] if visible else []
        self._used = set()
        self._process = None
        self._shown = b""
        self._next_look = time.monotonic()

    @property
    def pid(self):
        return None if self._process is None else self._process.pid

    def look(self, own):
        """What was seen since the last call: (gpu, processes, SM utilisation as text, '' = unknown) of others; `own`
        = the job's pids.
        """
        found = []
        if self._process is not None and self._has_ended():
            for gpu, seen in work_on_gpus(self._shown.decode("ascii", "replace"), own).items():
                if seen.is_used_by_job:
                    self._used.add(gpu)
                if not seen.has_strangers and (self._chosen or gpu in self._used):
                    found.append((gpu, str(seen.others), seen.others_sm_pct()))
            self.stop()
        if self._program is not None and time.monotonic() >= self._next_look:
            self.stop()
            self._next_look = time.monotonic() + _LOOK_EVERY_S
            self._start()
        return found

    def _start(self):
        import subprocess

        try:
            self._process = subprocess.Popen(
                [self._program, "pmon", "-c", "1", "-s", "u", *self._chosen],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
            self._shown = b""
            os.set_blocking(self._process.stdout.fileno(), False)
        except OSError:
            self._program = None

    def _has_ended(self):
        has_ended = self._process.poll() is not None
        try:
            while data := os.read(self._process.stdout.fileno(), 65536):
                self._shown += data
        except OSError:
            pass
        return has_ended

    def stop(self):
        if self._process is not None:
            self._process.kill()
            self._process.stdout.close()
            self._process = None


class _Gpu:
    def __init__(self):
        self.is_used_by_job = False
        # Pids that nobody here has: of a process that has ended, or of another container, which may be the job's own.
        self.has_strangers = False
        self.others = 0
        self._others_sm = 0.0
        self._numbers = 0
        self._is_idle = True

    def add(self, pid, sm_pct, own):
        self._is_idle = False
        self._numbers += sm_pct is not None
        if pid in own:
            self.is_used_by_job = True
        elif processes.identity(pid) is None:
            self.has_strangers = True
        else:
            self.others += 1
            self._others_sm += sm_pct or 0.0

    def others_sm_pct(self):
        # A process that did nothing is shown without a number, as all are where the GPU does not tell.
        return f"{min(100.0, self._others_sm):.0f}" if self._is_idle or self._numbers else ""


def work_on_gpus(shown, own):
    """{gpu: what is seen there} of the table that pmon prints; the columns stand in its first line."""
    columns, found = [], {}
    for line in shown.splitlines():
        cells = line.lstrip("# ").split()
        if line.startswith("#"):
            columns = columns or cells
        elif {"gpu", "pid", "sm"} <= set(columns) and len(cells) >= len(columns):
            row = dict(zip(columns, cells))
            gpu = found.setdefault(row["gpu"], _Gpu())
            if row["pid"].isdigit():
                gpu.add(int(row["pid"]), float(row["sm"]) if row["sm"].isdigit() else None, own)
    return found
