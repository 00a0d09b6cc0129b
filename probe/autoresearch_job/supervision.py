"""Who begins or takes over one job, and the record of how it ended; watched_job.py watches it meanwhile."""

import os
import signal
import time

import processes
import shelter
from command import Command
from host_locks import HostLocks
from inbox import Inbox
from sampling import Sampler
from watched_job import WatchedJob

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
    inbox = Inbox()
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
    sampler = Sampler(request["metrics_dir"], request["env"], request.get("cpus"))
    job = WatchedJob(directory, facts, inbox, sampler, own=True)
    _watch(directory, facts, job)


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
    sampler = Sampler(facts["metrics_dir"], dict(os.environ), facts.get("cpus"))
    job = WatchedJob(directory, facts, Inbox(), sampler, own=False)
    if job.is_alive():
        _watch(directory, facts, job)
    else:
        _close_lost(directory, facts, job)


def kill(directory):
    """Ends a job whose runner was killed, for a person who cancelled it."""
    facts = directory.read_facts()
    if _finish_end(directory, facts):
        return
    job = WatchedJob(directory, facts, Inbox(), None, own=False)
    if job.is_alive():
        job.end_processes()
        _close(directory, facts, "cancelled", -signal.SIGKILL)
    else:
        _close_lost(directory, facts, job)


def _watch(directory, facts, job):
    """To its end, which goes on record unless somebody has removed the workdir."""
    end = job.watch()
    if end is not None:
        _close(directory, facts, *end)


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
