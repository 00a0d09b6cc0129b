"""The files of one job: who owns it, what is known about it, and how it ended."""

import errno
import fcntl
import json
import os

from room import if_there_is_room, when_there_is_room


# A line or two; less than a block of most file systems.
_NEXT_TO_NOTHING = 4096


class JobDirectory:
    def __init__(self, path):
        self.path = path
        self._lock = None

    def file(self, name):
        return os.path.join(self.path, name)

    def lock(self):
        """Holds the job for the life of this process; the kernel gives it back even after a kill -9."""
        os.makedirs(self.path, mode=0o700, exist_ok=True)
        self._lock = os.open(self.file("lock"), os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            # A file system without locks: the claim alone still keeps the command from starting twice.
            return error.errno not in (errno.EWOULDBLOCK, errno.EACCES)
        return True

    def exists(self):
        return os.path.isdir(self.path)

    def is_full(self):
        """Nothing can be written here any more."""
        try:
            found = os.statvfs(self.path)
        except OSError:
            return False
        # Some file systems count nothing.
        return found.f_blocks > 0 and found.f_bavail * found.f_frsize < _NEXT_TO_NOTHING

    def started(self):
        return os.path.exists(self.file("claim"))

    def ended(self):
        return os.path.exists(self.file("returncode.txt"))

    def cancel_requested(self):
        return os.path.exists(self.file("cancel"))

    def claim(self, owner):
        """Taken by the job's own process right before it becomes the command: exactly one process ever gets it."""
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
        descriptor = when_there_is_room(lambda: os.open(self.file("claim"), flags, 0o600))
        text = json.dumps(owner).encode()

        def write():
            os.pwrite(descriptor, text, 0)
            os.fsync(descriptor)

        try:
            when_there_is_room(write)
        finally:
            os.close(descriptor)

    def read_facts(self):
        with open(self.file("job.json"), encoding="utf-8") as file:
            return json.load(file)

    def facts_if_any(self):
        return self.read_facts() if os.path.exists(self.file("job.json")) else None

    def last_sign_of_life(self):
        """When the job last wrote something, or was started."""
        return max(self._modified(name) for name in ("stdout.log", "stderr.log", "claim"))

    def write_waiting(self, facts):
        """Who waits, since when: the job is not on record before it has its slot."""
        self._write("waiting.json", json.dumps(facts, indent=2) + "\n")

    def has_waited(self):
        try:
            os.unlink(self.file("waiting.json"))
        except FileNotFoundError:
            pass

    def write_facts(self, facts):
        self._write("job.json", json.dumps(facts, indent=2) + "\n")

    def note_facts(self, facts):
        """What will be written again: it is not waited for."""
        if_there_is_room(lambda: self._write_once("job.json", json.dumps(facts, indent=2) + "\n"))

    def write_end(self, facts):
        """The return code comes last: who sees it finds everything else in place."""
        self.write_facts(facts)
        if facts["returncode"] is not None:
            self._write("returncode.txt", f"{facts['returncode']}\n")

    def exit_code(self):
        """Of the ended job, as a shell tells it; 1 where nobody knows."""
        returncode = (self.facts_if_any() or {}).get("returncode")
        return 1 if returncode is None else returncode if returncode >= 0 else 128 - returncode

    def _modified(self, name):
        try:
            return os.stat(self.file(name)).st_mtime
        except FileNotFoundError:
            return 0.0

    def _write(self, name, text):
        when_there_is_room(lambda: self._write_once(name, text))

    def _write_once(self, name, text):
        temporary = self.file(f"{name}.{os.getpid()}.tmp")
        with open(temporary, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, self.file(name))
