"""A view of the file system for one job, in which its writes to the user's files are kept apart (Linux mount
namespaces).

{"folders": [path, …], "named": [path, …], "keep": [path, …], "writes": path}: below each of `folders` what the job writes
lands in `writes` (an overlay), or fails where the file system does not allow that (a read-only mount); below each of
`named` it lands there, too, or the folder stays as it is; `keep` stays as it is, also where it lies in one of them. What a
host forbids (containers, hardened kernels) is found out by trying, in a process of its own.
"""

import json
import os
import re
import shutil
import stat

OVERLAY, READ_ONLY, NONE = "overlay", "read-only", "none"

_NEW_MOUNTS, _NEW_USER = 0x00020000, 0x10000000
_RDONLY, _REMOUNT, _BIND, _REC, _SLAVE = 1, 32, 4096, 16384, 1 << 19
# What a mount was made with must stay when it is made read-only: statvfs flag -> mount flag.
_LOCKED = ((2, 2), (4, 4), (8, 8), (1024, 1024), (2048, 2048), (4096, 1 << 21))
# In a user namespace of its own these find root's files to be nobody's, and refuse to work.
_NEEDS_REAL_ROOT = re.compile(r"(?:^|[\s;&|(/])(?:sudo|su|ssh|scp|rsync|docker|podman|apptainer|singularity|enroot|bwrap|srun|sbatch)(?=\s|$)")


def possible(shelter, command):
    """How the folders can be kept apart here, and which of the named ones cannot be; tried in a child, so that this
    process
    stays as it is."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.close(reader)
            with os.fdopen(writer, "wb") as pipe:
                pipe.write(json.dumps(enter(shelter, command)).encode())
        except BaseException:
            pass
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader, "rb") as pipe:
        found = pipe.read().decode()
    os.waitpid(child, 0)
    return tuple(json.loads(found)) if found else (NONE, shelter.get("named", []))


def enter(shelter, command):
    """Moves this process into the view; returns OVERLAY, or READ_ONLY when that holds for any folder, and the bare
    named ones.
    """
    libc = _Libc()
    is_mapped = _unshare(libc, command)
    libc.mount("none", "/", None, _REC | _SLAVE, None)
    keep = [(path, os.open(path, os.O_PATH)) for path in map(os.path.realpath, shelter["keep"]) if os.path.exists(path)]
    # All of it before the first mount, which may hide where the writes go (a workdir in the source).
    opened = [(path, is_named, os.open(path, os.O_PATH)) for path, is_named in places(shelter)]
    tops = [_tops(path, os.path.join(shelter["writes"], str(index))) for index, (path, _, _) in enumerate(opened)]
    how, bare = OVERLAY, []
    for (path, is_named, descriptor), top in zip(opened, tops):
        if _is_folder(descriptor) and _overlay(libc, path, descriptor, top, is_mapped):
            continue
        if is_named:
            bare.append(path)
            continue
        _bind(libc, path, descriptor)
        locked = sum(to for of, to in _LOCKED if os.statvfs(path).f_flag & of)
        libc.mount("none", path, None, _REMOUNT | _BIND | _RDONLY | locked, None)
        how = READ_ONLY
    for path, descriptor in keep:
        if any(path == folder or path.startswith(folder + "/") for folder, _, _ in opened):
            _bind(libc, path, descriptor)
    for descriptor in (*(each[-1] for each in (*opened, *keep)), *(number for top in tops for number in top)):
        os.close(descriptor)
    return how, bare


def forget_names(folders, pid):
    """Makes the overlays of these folders, in the view of that process, look anew for the names that the job does
    not hold open.
    """
    child = os.fork()
    if child == 0:
        try:
            _forget_names(folders, pid)
        except BaseException:
            # The job has ended meanwhile, or has not entered its view yet.
            pass
        os._exit(0)
    os.waitpid(child, 0)


def _forget_names(folders, pid):
    libc = _Libc()
    for kind, of in (("user", _NEW_USER), ("mnt", _NEW_MOUNTS)):
        own, others = (os.stat(f"/proc/{which}/ns/{kind}") for which in ("self", pid))
        if own.st_ino != others.st_ino:
            libc.setns(os.open(f"/proc/{pid}/ns/{kind}", os.O_RDONLY), of)
        elif kind == "mnt":
            # The host's own mounts: none of ours.
            return
    with open("/proc/self/mountinfo", encoding="utf-8", errors="surrogateescape") as file:
        kinds = {_unescaped(line.split(" ")[4]): line.rpartition(" - ")[2].split(" ")[0] for line in file}
    for folder in folders:
        if kinds.get(folder) == "overlay":
            libc.mount(None, folder, None, _REMOUNT, None)


# What Python and tools leave beside what they read: nothing that a person would miss.
_LITTER = re.compile(r"/(?:__pycache__|\.git|\.cache|\.(?:mypy|pytest|ruff)_cache|\.ipynb_checkpoints)(?:/|$)|\.py[co]$|\.lock$")
_LOOKS = 100_000


def written(shelter, limit):
    """Up to `limit` of the files that a job wrote below the folders, by the paths under which it knew them, and their
    number
    (as far as it was counted); caches and locks are none."""
    found, count, looks = [], 0, 0
    for index, (path, _) in enumerate(places(shelter)):
        upper = os.path.join(shelter["writes"], str(index), "upper")
        for folder, _, names in os.walk(upper):
            for name in names:
                file = os.path.join(folder, name)
                looks += 1
                # What was removed stands there as a device.
                if stat.S_ISCHR(os.lstat(file).st_mode):
                    continue
                known = os.path.join(path, os.path.relpath(file, upper))
                if _LITTER.search(known):
                    continue
                count += 1
                if len(found) < limit:
                    found.append(known)
            if looks >= _LOOKS:
                return found, count
    return found, count


def tidy(shelter):
    """Removes what the kernel left of the overlays' own work: folders that not even their owner may look into."""
    for folder in _works(shelter["writes"]):
        for name in os.listdir(folder):
            os.chmod(os.path.join(folder, name), 0o700)
        shutil.rmtree(folder, ignore_errors=True)


def _works(writes):
    names = os.listdir(writes) if os.path.isdir(writes) else []
    return [folder for folder in (os.path.join(writes, name, "work") for name in names) if os.path.isdir(folder)]


def places(shelter):
    """Each folder, whether it is only named, and the mounts in it; always in the same order, the outer one first."""
    keep = [os.path.realpath(path) for path in shelter["keep"]]
    folders = _with_mounts_below([os.path.realpath(path) for path in shelter["folders"]], keep)
    named = [os.path.realpath(path) for path in shelter.get("named", []) if os.path.isdir(path)]
    others = [path for path in _with_mounts_below(named, keep) if path not in folders]
    return sorted([(path, False) for path in folders] + [(path, True) for path in others])


def _unshare(libc, command):
    """True when it took a user namespace, in which this user may mount."""
    try:
        libc.unshare(_NEW_MOUNTS)
        return False
    except PermissionError:
        if _NEEDS_REAL_ROOT.search(command):
            raise
    user, group = os.getuid(), os.getgid()
    libc.unshare(_NEW_USER | _NEW_MOUNTS)
    for name, text in (("setgroups", "deny"), ("uid_map", f"{user} {user} 1"), ("gid_map", f"{group} {group} 1")):
        with open(f"/proc/self/{name}", "w", encoding="ascii") as file:
            file.write(text)
    return True


def _with_mounts_below(folders, keep):
    """Each with the mounts in it, which an overlay of the folder would hide; the outer one first."""
    found = set(folders)
    with open("/proc/self/mountinfo", encoding="utf-8", errors="surrogateescape") as file:
        mounts = [_unescaped(line.split(" ")[4]) for line in file]
    keep = list(keep)
    for mount in mounts:
        if any(mount.startswith(folder + "/") for folder in folders) and not any(_is_in(mount, kept) for kept in keep):
            found.add(mount)
    return sorted(path for path in found if not any(_is_in(path, kept) for kept in keep))


def _is_in(path, folder):
    return path == folder or path.startswith(folder + "/")


def _unescaped(field):
    return re.sub(r"\\([0-7]{3})", lambda found: chr(int(found[1], 8)), field)


def _is_folder(descriptor):
    return stat.S_ISDIR(os.fstat(descriptor).st_mode)


def _tops(path, writes):
    """Descriptors of the folders for what is written and for the overlay's own work."""
    upper, work = os.path.join(writes, "upper"), os.path.join(writes, "work")
    os.makedirs(upper, mode=0o700, exist_ok=True)
    os.makedirs(work, mode=0o700, exist_ok=True)
    # The root of the view has the mode and the times of the upper folder.
    facts = os.stat(path)
    os.chmod(upper, stat.S_IMODE(facts.st_mode) | 0o700)
    os.utime(upper, ns=(facts.st_atime_ns, facts.st_mtime_ns))
    return [os.open(folder, os.O_PATH) for folder in (upper, work)]


def _overlay(libc, path, descriptor, tops, is_mapped):
    # By descriptors: a path may hold what separates options, or be hidden by now.
    lower, upper, work = (f"/proc/self/fd/{number}" for number in (descriptor, *tops))
    options = f"lowerdir={lower},upperdir={upper},workdir={work}" + (",userxattr" if is_mapped else "")
    try:
        libc.mount("overlay", path, "overlay", 0, options)
        return True
    except OSError:
        return False


def _bind(libc, path, descriptor):
    libc.mount(f"/proc/self/fd/{descriptor}", path, None, _BIND | _REC, None)


class _Libc:
    def __init__(self):
        import ctypes

        self._ctypes = ctypes
        self._libc = ctypes.CDLL(None, use_errno=True)

    def unshare(self, flags):
        self._check(self._libc.unshare(flags))

    def setns(self, descriptor, of):
        self._check(self._libc.setns(descriptor, of))

    def mount(self, source, target, kind, flags, options):
        as_bytes = [None if text is None else os.fsencode(text) for text in (source, target, kind, options)]
        source, target, kind, options = as_bytes
        self._check(self._libc.mount(source, target, kind, self._ctypes.c_ulong(flags), options))

    def _check(self, result):
        if result != 0:
            number = self._ctypes.get_errno()
            raise OSError(number, os.strerror(number))
