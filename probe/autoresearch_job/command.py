"""Starts a job's command so that it runs at most once: its process waits until it is on record, then takes the
claim.
"""

import os
import shutil
import signal

import processes
import shelter
from room import complain, when_there_is_room


class Command:
    """The job's process, forked and waiting. After release() it is the command. It keeps the descriptors in
    `inherited`.
    """

    def __init__(self, directory, request, inherited=(), sheltered=shelter.NONE):
        gate, self._gate = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            os.close(self._gate)
            _become(directory, request, gate, inherited, sheltered)
        os.close(gate)

    def release(self):
        os.write(self._gate, b"1")
        os.close(self._gate)


def _become(directory, request, gate, inherited, sheltered):
    try:
        os.setsid()
        # Nothing on the pipe: the runner died before the job was on record.
        if os.read(gate, 1) != b"1":
            os._exit(0)
        os.close(gate)
        _redirect(directory)
        for which in (signal.SIGTERM, signal.SIGINT, signal.SIGCHLD, signal.SIGPIPE):
            signal.signal(which, signal.SIG_DFL)
        directory.claim({"pid": os.getpid(), "process_start": processes.identity(os.getpid())})
        environment = {**request["env"], "AUTORESEARCH_JOB_DIR": directory.path}
        shell = shutil.which("bash", path=environment.get("PATH")) or "/bin/sh"
        for descriptor in inherited:
            os.set_inheritable(descriptor, True)
        if request.get("cpus"):
            os.sched_setaffinity(0, request["cpus"])
        if sheltered != shelter.NONE:
            shelter.enter(request["shelter"], request["command"])
        os.chdir(request["cwd"])
        name = os.path.basename(shell)
        # A pipe fails where any of its commands does: `python train.py | tee log` would end as tee does.
        pipefail = ["-o", "pipefail"] if name == "bash" else []
        os.execve(shell, [name, *pipefail, "-c", request["command"]], environment)
    except (OSError, AttributeError) as error:
        # AttributeError: a system without CPU affinity.
        complain(f"the command was not started: {error}")
    os._exit(126)


def _redirect(directory):
    # The files themselves, no pipe to the runner: the job outlives a runner that is killed.
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
    for name, target in (("stdout.log", 1), ("stderr.log", 2)):
        os.dup2(when_there_is_room(lambda path=directory.file(name): os.open(path, flags, 0o600)), target)
