"""Samples what a job uses into system.tsv: CPU, resident memory and, where nvidia-smi is, SM utilisation and GPU
memory;
and what other work used meanwhile: of its CPUs there, of its GPUs in gpu_others.tsv."""

import os
import shutil
import time

import processes
from other_gpu_work import OtherGpuWork
from other_work import OtherWork
from room import complain

_HEADERS = {
    "system.tsv": "time_s\tcpu_pct\trss_mb\tsm_pct\tgpu_mem_mb\tothers_cpu_pct\n",
    "gpu_others.tsv": "time_s\tgpu\tprocesses\tsm_pct\n",
}
# nvidia-smi prints once a second; an older line says nothing about now.
_FRESH_S = 3.0


class Sampler:
    def __init__(self, metrics_dir, environment, cpus=None, sees_others=True):
        self._folder = metrics_dir
        self._gpu = _GpuReader(environment)
        self._gpu_others = OtherGpuWork(environment) if sees_others else None
        self._others = OtherWork(cpus) if sees_others else None
        self._cpu_before = {}
        self._time_before = time.monotonic()
        self._broken = False

    @property
    def helper_pids(self):
        return self._gpu.pid, self._gpu_others and self._gpu_others.pid

    def sample(self, roots):
        """One row for the processes below `roots`, and one for each of their GPUs at a look; blank = unknown."""
        if self._broken:
            return
        now = time.monotonic()
        living = self._living(roots)
        # A process that was not there before has used all its time since then; one that ended takes its last bit along.
        used_s = sum(max(0.0, p.cpu_s - self._cpu_before.get((p.pid, p.start), 0.0)) for p in living)
        elapsed_s = now - self._time_before
        # One that has just ended may still stand in a list of GPU processes.
        pids = {pid for pid, _ in self._cpu_before} | {p.pid for p in living}
        self._cpu_before = {(p.pid, p.start): p.cpu_s for p in living}
        self._time_before = now
        cpu_pct = f"{100 * used_s / elapsed_s:.1f}" if elapsed_s > 0 else ""
        rss_mb = f"{sum(p.rss_bytes for p in living) / 2**20:.1f}"
        others_pct = self._others.share_pct(_time_since_start(living), elapsed_s) if self._others else ""
        self._append("system.tsv", cpu_pct, rss_mb, *self._gpu.latest(), others_pct)
        for seen in self._gpu_others.look(pids) if self._gpu_others else ():
            self._append("gpu_others.tsv", *seen)

    def _living(self, roots):
        return processes.tree(roots)

    def stop(self):
        self._gpu.stop()
        if self._gpu_others:
            self._gpu_others.stop()

    def _append(self, name, *cells):
        row = "\t".join((f"{time.time():.3f}", *cells)) + "\n"
        try:
            os.makedirs(self._folder, exist_ok=True)
            with open(os.path.join(self._folder, name), "a", encoding="ascii") as file:
                file.write(row if file.tell() else _HEADERS[name] + row)
        except OSError as error:
            self._broken = True
            complain(f"no system metrics: {error}")


def _time_since_start(living):
    """CPU time of the job's processes, with those that have ended: their parents know, or this process that adopted
    them.
    """
    own = os.times()
    adopted_s = own.children_user + own.children_system
    return adopted_s + sum(process.cpu_s + process.ended_children_s for process in living)


class _GpuReader:
    """One nvidia-smi that prints for as long as the job runs: starting it anew each second would cost a core's
    tenth.
    """

    def __init__(self, environment):
        self._process = None
        self._rest = b""
        self._lines = []
        self._seen_at = 0.0
        program = shutil.which("nvidia-smi", path=environment.get("PATH"))
        if program is not None:
            self._start(program, environment.get("CUDA_VISIBLE_DEVICES", ""))

    def _start(self, program, visible):
        import subprocess

        query = ["--query-gpu=index,utilization.gpu,memory.used", "--format=csv,noheader,nounits", "--loop=1"]
        chosen = [f"--id={visible}"] if visible and visible != "-1" else []
        try:
            self._process = subprocess.Popen(
                [program, *query, *chosen],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
            os.set_blocking(self._process.stdout.fileno(), False)
        except OSError:
            self._process = None

    @property
    def pid(self):
        return None if self._process is None else self._process.pid

    def latest(self):
        """(mean SM utilisation, memory summed over the GPUs) as text."""
        self._read()
        gpus = {}
        for index, sm_pct, memory_mb in self._lines:
            gpus[index] = (sm_pct, memory_mb)
        if not gpus or time.monotonic() - self._seen_at > _FRESH_S:
            return "", ""
        sm = [_number(sm_pct) for sm_pct, _ in gpus.values()]
        memory = [_number(memory_mb) for _, memory_mb in gpus.values()]
        # One that does not tell ("[N/A]") leaves the whole number unknown.
        return (
            "" if None in sm else f"{sum(sm) / len(sm):.1f}",
            "" if None in memory else f"{sum(memory):.0f}",
        )

    def _read(self):
        if self._process is None:
            return
        try:
            data = os.read(self._process.stdout.fileno(), 65536)
        except (BlockingIOError, OSError):
            return
        *lines, self._rest = (self._rest + data).split(b"\n")
        rows = [[cell.strip() for cell in line.decode("ascii", "replace").split(",")] for line in lines]
        rows = [row for row in rows if len(row) == 3]
        if rows:
            self._lines = rows
            self._seen_at = time.monotonic()

    def stop(self):
        if self._process is not None:
            self._process.kill()
            self._process.stdout.close()


def _number(text):
    try:
        return float(text)
    except ValueError:
        return None
