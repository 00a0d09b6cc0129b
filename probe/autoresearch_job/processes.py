"""Processes as the system shows them: identity, the tree below a process, its use of CPU and memory, and its end.

/proc where it exists, `ps` elsewhere.
"""

import os
import signal
import socket
import time

_HAS_PROC = os.path.exists("/proc/self/stat")
_TICKS_PER_S = os.sysconf("SC_CLK_TCK")
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


class Process:
    __slots__ = ("pid", "parent", "group", "cpu_s", "rss_bytes", "start", "ended_children_s")

    def __init__(self, pid, parent, group, cpu_s, rss_bytes, start, ended_children_s=0.0):
        self.pid, self.parent, self.group = pid, parent, group
        self.cpu_s, self.rss_bytes, self.start = cpu_s, rss_bytes, start
        # CPU time of descendants that it has waited for; 0 where the system does not tell.
        self.ended_children_s = ended_children_s


def identity(pid):
    """A token that no other process of this pid has had, or None when it has ended (host/process-identity.ts)."""
    if _HAS_PROC:
        process = _from_proc(pid)
        return None if process is None else f"{_boot_id()}:{process.start}"
    shown = _ps("-o", "stat=,lstart=", "-p", str(pid)).split(None, 1)
    return None if len(shown) < 2 or shown[0].startswith("Z") else shown[1].strip()


def host():
    """Where pids are these processes (host/host-identity.ts)."""
    return {
        "name": socket.gethostname(),
        "machine": _text("/etc/machine-id"),
        "boot": _text("/proc/sys/kernel/random/boot_id"),
        "pid_namespace": _link("/proc/self/ns/pid"),
    }


def _text(path):
    try:
        with open(path, encoding="utf-8") as file:
            return file.read().strip()
    except OSError:
        return ""


def _link(path):
    try:
        return os.readlink(path)
    except OSError:
        return ""


def tree(roots):
    """The roots and all their descendants that live."""
    if not _HAS_PROC:
        return _below(roots, _table_from_ps())
    found, waiting = [], list(roots)
    seen = set()
    while waiting:
        pid = waiting.pop()
        if pid in seen:
            continue
        seen.add(pid)
        process = _from_proc(pid)
        if process is not None:
            found.append(process)
        # Children of a process that just ended are asked for too: it may have been only a zombie.
        children = _children(pid)
        if children is None:
            return _below(roots, _table_from_proc())
        waiting.extend(children)
    return found


def members(group, marker, roots):
    """All that belongs to a job: its process group, what carries its marker in the environment, what descends from
    it.
    """
    table = _table_from_proc() if _HAS_PROC else _table_from_ps()
    found = {process.pid: process for process in _below(roots, table)}
    for process in table:
        if process.group == group or (_HAS_PROC and _carries(process.pid, marker)):
            found[process.pid] = process
    return list(found.values())


def end(find, grace_s, pause):
    """Ends the processes that find() names, TERM then KILL, until none is left; pause() comes between two looks."""
    deadline = time.monotonic() + grace_s
    told = set()
    while True:
        living = find()
        # Not even KILL ends a process that waits in the kernel (a dead network disk): it is left behind.
        if not living or time.monotonic() > deadline + 10:
            return
        force = time.monotonic() >= deadline
        for process in living:
            if force or process.pid not in told:
                told.add(process.pid)
                _send(process.pid, signal.SIGKILL if force else signal.SIGTERM)
        pause()


def adopt_orphans():
    """Makes this process the parent of descendants whose own parent ends (Linux), so that none gets away."""
    try:
        import ctypes

        set_child_subreaper = 36
        ctypes.CDLL(None).prctl(set_child_subreaper, 1, 0, 0, 0)
    except (ImportError, OSError, AttributeError):
        # Elsewhere the process group has to do.
        pass


def _send(pid, which):
    try:
        os.kill(pid, which)
    except (ProcessLookupError, PermissionError):
        pass


def _carries(pid, marker):
    try:
        with open(f"/proc/{pid}/environ", "rb") as file:
            return marker in file.read()
    except OSError:
        # It belongs to another user, or has ended.
        return False


def _boot_id():
    try:
        with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as file:
            return file.read().strip()
    except OSError:
        return "boot"


def _from_proc(pid):
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            text = file.read()
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        return None
    # The command's name may hold spaces and parentheses: fields count from the last one.
    fields = text[text.rindex(b")") + 2 :].split()
    if fields[0] in (b"Z", b"X", b"x"):
        return None
    cpu_s = (int(fields[11]) + int(fields[12])) / _TICKS_PER_S
    rss_bytes = int(fields[21]) * _PAGE_BYTES
    ended_children_s = (int(fields[13]) + int(fields[14])) / _TICKS_PER_S
    return Process(pid, int(fields[1]), int(fields[2]), cpu_s, rss_bytes, fields[19].decode(), ended_children_s)


def children(pid):
    """The pids of its children; [] where only a look at all processes would tell."""
    return (_children(pid) if _HAS_PROC else None) or []


def _children(pid):
    """None where the kernel does not list them."""
    found = []
    try:
        threads = os.listdir(f"/proc/{pid}/task")
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        return found
    for thread in threads:
        try:
            with open(f"/proc/{pid}/task/{thread}/children", "rb") as file:
                found.extend(map(int, file.read().split()))
        except FileNotFoundError:
            if os.path.exists(f"/proc/{pid}/task/{thread}"):
                return None
        except (ProcessLookupError, PermissionError):
            pass
    return found


def _table_from_proc():
    found = (_from_proc(int(name)) for name in os.listdir("/proc") if name.isdigit())
    return [process for process in found if process is not None]


def _table_from_ps():
    table = []
    for line in _ps("-axo", "pid=,ppid=,pgid=,stat=,rss=,time=").splitlines():
        pid, parent, group, state, rss_kb, cpu = line.split(None, 5)
        if not state.startswith("Z"):
            table.append(Process(int(pid), int(parent), int(group), _seconds(cpu), int(rss_kb) * 1024, ""))
    return table


def _seconds(shown):
    """`ps` shows [days-][hours:]minutes:seconds."""
    days, _, clock = shown.strip().rpartition("-")
    total = 0.0
    for part in clock.split(":"):
        total = total * 60 + float(part)
    return total + 86400 * int(days or 0)


def _ps(*arguments):
    # Imported late: where /proc exists nobody pays for it.
    import subprocess

    # LC_ALL: the start time is compared as text.
    environment = {**os.environ, "LC_ALL": "C"}
    return subprocess.run(("ps", *arguments), stdout=subprocess.PIPE, text=True, env=environment, check=False).stdout


def _below(roots, table):
    wanted, grown = set(roots), True
    while grown:
        before = len(wanted)
        wanted.update(process.pid for process in table if process.parent in wanted)
        grown = len(wanted) > before
    return [process for process in table if process.pid in wanted]
