"""Exclusive use of this host's CPUs and GPUs among all jobs of one user, of whatever run, by locks that end with their
holders.

A job without a slot of its own takes the whole machine; one with a slot takes its resources, and shares the machine with
the other slots. The job inherits the locks from its runner, so that they outlive a runner that is killed.
"""

import errno
import fcntl
import os
import stat


class HostLocks:
    """The locks that `wanted` names: {"folder": path, "machine": "shared" | "exclusive", "resources": [name, …]}."""

    def __init__(self, wanted):
        self._folder = wanted["folder"]
        self._machine = wanted["machine"]
        # All take theirs in the same order: nobody waits in a ring.
        self._resources = sorted(wanted["resources"])
        self.descriptors = []
        _make_private(self._folder)

    def acquire(self, wait):
        """True when all are held. While one is not free, wait() is asked; it pauses, or gives up by returning False."""
        turn = self._open("turn")
        try:
            # Whoever waits for the whole machine holds the turn, so that slots that come later do not starve it.
            if not self._take(turn, fcntl.LOCK_EX, wait):
                return False
            machine = self._hold("machine")
            if not self._take(machine, fcntl.LOCK_SH if self._machine == "shared" else fcntl.LOCK_EX, wait):
                return False
        finally:
            os.close(turn)
        return all(self._take(self._hold(name), fcntl.LOCK_EX, wait) for name in self._resources)

    def _hold(self, name):
        descriptor = self._open(name)
        self.descriptors.append(descriptor)
        return descriptor

    def _open(self, name):
        return os.open(os.path.join(self._folder, f"{name}.lock"), os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)

    def _take(self, descriptor, how, wait):
        while True:
            try:
                fcntl.flock(descriptor, how | fcntl.LOCK_NB)
                return True
            except OSError as error:
                if error.errno not in (errno.EWOULDBLOCK, errno.EACCES):
                    raise
            if not wait():
                return False


def _make_private(folder):
    """It lies where everybody may write: what somebody else put there is refused."""
    os.makedirs(folder, mode=0o700, exist_ok=True)
    found = os.lstat(folder)
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or found.st_mode & 0o022:
        raise PermissionError(
            f"{folder} must be a folder that only its owner can write; AUTORESEARCH_SLOTS_DIR names another one"
        )
