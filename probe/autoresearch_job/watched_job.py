"""Watches one job to its end: its limits, a cancellation, samples, and the processes that it leaves."""

import os
import signal
import time

import processes
import shelter
from outside_changes import OutsideChanges
from room import lacked_room

_SAMPLE_EVERY_S = 1.0
# What a signal does not wake up for: the end of an adopted job, a limit.
_LOOK_EVERY_S = 0.5
_DEFAULT_GRACE_S = 5.0


class WatchedJob:
    def __init__(self, directory, facts, inbox, sampler, own):
        self._directory, self._facts, self._inbox, self._sampler = directory, facts, inbox, sampler
        self._own = own
        self._outside = OutsideChanges(facts.get("shelter"), facts.get("sheltered", shelter.NONE), facts.get("bare", []))
        self._pid = facts["pid"]
        self._returncode = None
        self._has_ended = False
        self._output_bytes = -1
        self._progress_at = time.monotonic()
        self._disk_was_full = False
        # An adopted job has already used a part of its time.
        self._started = time.monotonic() - max(0.0, time.time() - facts["started_at"])

    def watch(self):
        """Stays until the job and all its processes have ended. Returns its end as cause, return code (None where
        nobody saw it) and time (seconds since 1970; None for now); None where the job's folder is gone.
        """
        cause, ended_at, next_sample = None, None, time.monotonic()
        while self.is_alive():
            cause = self._reason_to_end()
            if cause is not None:
                break
            now = time.monotonic()
            if now >= next_sample:
                self._sampler.sample(self._roots())
                self._outside.look(self._pid)
                next_sample = max(next_sample + _SAMPLE_EVERY_S, now)
            self._inbox.wait(min(next_sample - time.monotonic(), _LOOK_EVERY_S))
        if cause is None:
            ended_at = time.time()
            # The watch of an adopted job cannot know how it ended.
            cause = "exit" if self._own else "lost"
        self.stop_sampling()
        if not self._directory.exists():
            self.end_processes()
            return None
        # What a job cannot print, its log does not say.
        self._facts["disk_was_full"] = (
            self._disk_was_full or self._directory.is_full() or lacked_room(self._facts["metrics_dir"])
        )
        self._facts["cause"] = cause
        # Before its processes go, so that a runner that is killed meanwhile leaves the cause; they go on no full disk's
        # account.
        self._directory.note_facts(self._facts)
        # Also after an ordinary end: what the job left running would disturb the next one.
        self.end_processes()
        return cause, self._returncode_after(cause), ended_at

    def stop_sampling(self):
        if self._sampler is not None:
            self._sampler.stop()

    def _returncode_after(self, cause):
        if self._own:
            return self._returncode
        return None if cause == "lost" else -signal.SIGKILL

    def is_alive(self):
        if self._own:
            self._collect()
            return not self._has_ended
        return processes.identity(self._pid) == self._facts["process_start"]

    def end_processes(self):
        marker = b"AUTORESEARCH_JOB_DIR=" + os.fsencode(self._directory.path) + b"\0"
        grace_s = self._facts.get("kill_grace_s", _DEFAULT_GRACE_S)

        def find():
            roots = self._roots() if self._own or self.is_alive() else []
            # An adopted job's pid, once free, may be anybody's group.
            group = self._pid if self._own or self.is_alive() else None
            return [process for process in processes.members(group, marker, roots) if process.pid != os.getpid()]

        def pause():
            self._inbox.wait(0.02)
            if self._own:
                self._collect()

        processes.end(find, grace_s, pause)
        if self._own:
            self._collect()

    def _reason_to_end(self):
        now = time.monotonic()
        self._disk_was_full |= self._directory.is_full()
        if self._directory.cancel_requested():
            return "cancelled"
        if self._inbox.told_to_end or not self._directory.exists():
            # The machine goes down, or somebody removed the workdir: nobody decided about this job.
            return "lost"
        if now - self._started >= self._facts["timeout_s"]:
            return "timeout"
        output_bytes = sum(self._size(name) for name in ("stdout.log", "stderr.log"))
        if output_bytes != self._output_bytes:
            self._output_bytes, self._progress_at = output_bytes, now
        stall_s = self._facts["stall_timeout_s"]
        if stall_s > 0 and now - self._progress_at >= stall_s:
            return "stalled"
        return None

    def _size(self, name):
        try:
            return os.stat(self._directory.file(name)).st_size
        except FileNotFoundError:
            return 0

    def _roots(self):
        """The job's process and, of its own runner, the orphans that it adopted."""
        helpers = () if self._sampler is None else self._sampler.helper_pids
        adopted = processes.children(os.getpid()) if self._own else []
        return [self._pid, *(pid for pid in adopted if pid not in (self._pid, *helpers))]

    def _collect(self):
        """Takes the return code of the job, and clears away adopted orphans that have ended."""
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            if pid == self._pid:
                self._returncode = os.waitstatus_to_exitcode(status)
                self._has_ended = True
