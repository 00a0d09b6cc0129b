"""Watches one job to its end: limits, cancellation, samples, and the record of how it ended."""

import os
import signal
import time

import processes
import shelter
from command import Command
from host_locks import HostLocks
from outside_changes import OutsideChanges
from room import lacked_room
from sampling import Sampler

_SAMPLE_EVERY_S = 1.0
# What a signal does not wake up for: the end of an adopted job, a limit.
_LOOK_EVERY_S = 0.5
_DEFAULT_GRACE_S = 5.0
_WRITTEN_SHOWN = 20
# A lock that becomes free wakes nobody; asking costs microseconds.
_ASK_FOR_SLOT_EVERY_S = 0.1


def run(directory, request):
    """Starts the command and stays until it and all its processes have ended. One that was started before is
    adopted.
    """
    _await_earlier_command(directory)
    if directory.started():
        adopt(directory)
        return
    processes.adopt_orphans()
    inbox = _Inbox()
    waiting_since = time.time()
    locks = _take_slot(directory, request, inbox, waiting_since)
    if locks is None:
        if directory.exists() and directory.cancel_requested():
            # It never was: the waiting runner stands for it.
            facts = _first_facts(request, os.getpid(), waiting_since)
            _close(directory, facts, "cancelled", -signal.SIGKILL, facts["started_at"])
        return
    wanted = request.get("shelter")
    sheltered, bare = (shelter.NONE, []) if wanted is None else shelter.possible(wanted, request["command"])
    command = Command(directory, request, locks, sheltered)
    facts = {**_first_facts(request, command.pid, waiting_since), "sheltered": sheltered, "bare": bare}
    directory.write_facts(facts)
    directory.has_waited()
    # Asked after the record is there: a cancel that comes later finds it.
    if directory.cancel_requested():
        os.kill(command.pid, signal.SIGKILL)
        _close(directory, facts, "cancelled", -signal.SIGKILL)
        return
    command.release()
    job = _Job(directory, facts, inbox, Sampler(request["metrics_dir"], request["env"], request.get("cpus")), own=True)
    job.watch()


def _take_slot(directory, request, inbox, since):
    """The descriptors of the host's locks that the job will hold; None when it is not to start any more. May take
    hours.
    """
    if request.get("locks") is None:
        return []
    is_told = False

    def wait():
        nonlocal is_told
        if inbox.told_to_end or not directory.exists() or directory.cancel_requested():
            return False
        if not is_told:
            is_told = True
            directory.write_waiting({"since": since, **_runner_facts()})
        inbox.wait(_ASK_FOR_SLOT_EVERY_S)
        return True

    locks = HostLocks(request["locks"])
    return locks.descriptors if locks.acquire(wait) else None


def _runner_facts():
    return {"runner_pid": os.getpid(), "runner_start": processes.identity(os.getpid()), "host": processes.host()}


def _first_facts(request, pid, waiting_since):
    started_at = time.time()
    return {
        **{key: value for key, value in request.items() if key not in ("env", "locks")},
        "pid": pid,
        "process_start": processes.identity(pid),
        **_runner_facts(),
        "waited_s": round(started_at - waiting_since, 3),
        "started_at": started_at,
        "ended_at": None,
        "returncode": None,
        "cause": None,
    }


def adopt(directory):
    """Keeps the limits of a job whose runner was killed, or records that it is lost. Its return code is gone in any
    case.
    """
    facts = directory.read_facts()
    if not directory.started() or _finish_end(directory, facts):
        return
    facts.update(_runner_facts())
    directory.write_facts(facts)
    job = _Job(directory, facts, _Inbox(), Sampler(facts["metrics_dir"], dict(os.environ), facts.get("cpus")), own=False)
    if job.is_alive():
        job.watch()
    else:
        _close_lost(directory, facts, job)


def kill(directory):
    """Ends a job whose runner was killed, for a person who cancelled it."""
    facts = directory.read_facts()
    if _finish_end(directory, facts):
        return
    job = _Job(directory, facts, _Inbox(), None, own=False)
    if job.is_alive():
        job.end_processes()
        _close(directory, facts, "cancelled", -signal.SIGKILL)
    else:
        _close_lost(directory, facts, job)


def _await_earlier_command(directory):
    """The command of a runner that was killed may be about to take the claim: in a moment it has, or has ended."""
    facts = directory.facts_if_any()
    if facts is None or facts.get("process_start") is None:
        return
    while not directory.started() and processes.identity(facts["pid"]) == facts["process_start"]:
        time.sleep(0.01)


def _finish_end(directory, facts):
    """True when the end is on record; a runner that was killed while it wrote that down may have left half of it."""
    if facts["ended_at"] is not None and not directory.ended():
        directory.write_end(facts)
    return facts["ended_at"] is not None


def _close_lost(directory, facts, job):
    """Nobody saw its end, which was when it was last heard of. What it left running goes, as after any end."""
    ended_at = directory.last_sign_of_life()
    job.stop_sampling()
    job.end_processes()
    _close(directory, facts, "lost", None, ended_at)


def _close(directory, facts, cause, returncode, ended_at=None):
    facts.update(cause=cause, returncode=returncode, ended_at=ended_at or time.time())
    if facts.get("sheltered", shelter.NONE) != shelter.NONE:
        try:
            files, count = shelter.written(facts["shelter"], _WRITTEN_SHOWN)
            facts["kept_apart"] = {"files": files, "count": count}
            shelter.tidy(facts["shelter"])
        except OSError:
            # Somebody removes the workdir: the end of the job is on record all the same.
            pass
    directory.write_end(facts)


class _Inbox:
    """Signals wake the watch; what they mean is read from the job directory."""

    def __init__(self):
        self._reader, writer = os.pipe()
        os.set_blocking(self._reader, False)
        os.set_blocking(writer, False)
        self.told_to_end = False
        signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        for which in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(which, self._end)

    def _end(self, *_):
        self.told_to_end = True

    def wait(self, seconds):
        import select

        if select.select([self._reader], [], [], max(0.0, seconds))[0]:
            os.read(self._reader, 4096)


class _Job:
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
            return
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
        _close(self._directory, self._facts, cause, self._returncode_after(cause), ended_at)

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
