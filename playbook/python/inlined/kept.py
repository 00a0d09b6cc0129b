# [autoresearch] kept results: begin (what a stage made of an item is kept, and given again as a copy)
def _autoresearch_make_kept(home):
    # A scope of its own: whatever the script calls len, type or list is the script's.
    import functools
    import hashlib
    import os
    import pathlib
    import pickle
    import shutil
    import sys
    import tempfile
    import threading
    from builtins import Exception, OSError, TypeError, ValueError, all, any, bool, bytes, dict, float, getattr, hasattr
    from builtins import int, isinstance, len, list, max, min, object, open, repr, set, str, sum, tuple, type

    plain = (str, int, float, bool, type(None))
    stores, lock = {}, threading.Lock()

    class Store(object):
        def __init__(self):
            self.results, self.size, self.file = {}, 0, None
            # What found no room: which items, how many of them came again, and how much of that was told.
            self.missed, self.again, self.told = set(), 0, 0

    class OnDisk(object):
        """One file without a name, which is gone with its process however that ends."""

        def __init__(self, megabytes):
            place = disk_place()
            self.room = min(megabytes << 20, shutil.disk_usage(place).free // 4) if place else 0
            self.file = tempfile.TemporaryFile(dir=place) if place else None
            self.process, self.places, self.end = os.getpid(), {}, 0

        def get(self, key):
            at, size = self.places[key]
            return pickle.loads(os.pread(self.file.fileno(), size, at))

        def keep(self, key, value):
            """Whether there was room."""
            data = pickle.dumps(value, protocol=5)
            with lock:
                if key in self.places:
                    return True
                if self.end + len(data) > self.room:
                    return False
                at, self.end = self.end, self.end + len(data)
            if os.pwrite(self.file.fileno(), data, at) != len(data):
                return False
            self.places[key] = (at, len(data))
            return True

    def disk_place():
        """A folder that is not in memory itself; None where there is none."""
        try:
            with open("/proc/mounts") as file:
                mounts = [line.split()[1:3] for line in file]
        except OSError:
            mounts = []
        for folder in (tempfile.gettempdir(), "/var/tmp"):
            real = os.path.realpath(folder)
            above = [(len(at), kind) for at, kind in mounts if (real + "/").startswith(at.rstrip("/") + "/")]
            if os.access(real, os.W_OK) and max(above, default=(0, ""))[1] not in ("tmpfs", "ramfs"):
                return real
        return None

    class NotKept(TypeError):
        """Of this type nothing is kept: what would be given again might not be what it was."""

    def key_of(item):
        if isinstance(item, bytes):
            return (bytes, len(item), hashlib.blake2b(item, digest_size=16).digest())
        if type(item) in plain or isinstance(item, pathlib.PurePath) or is_numpy(item, "generic"):
            return (type(item), item)
        if type(item) is tuple:
            return (tuple, *[key_of(each) for each in item])
        raise NotKept

    def is_numpy(value, name):
        numpy = sys.modules.get("numpy")
        return numpy is not None and isinstance(value, getattr(numpy, name))

    def is_tensor(value):
        torch = sys.modules.get("torch")
        return torch is not None and type(value) is torch.Tensor and value.device.type == "cpu"

    def is_picture(value):
        image = sys.modules.get("PIL.Image")
        return image is not None and type(value) is image.Image

    def copied(value):
        """(a copy that shares nothing that can be changed, its bytes)"""
        if type(value) in plain or type(value) is bytes or isinstance(value, pathlib.PurePath):
            return value, 64 + (len(value) if hasattr(value, "__len__") else 0)
        if is_numpy(value, "generic"):
            return value, 64
        numpy = sys.modules.get("numpy")
        if numpy is not None and type(value) is numpy.ndarray and not value.dtype.hasobject:
            return value.copy(order="K"), 128 + value.nbytes
        if is_tensor(value):
            return value.clone(), 128 + value.numel() * value.element_size()
        if is_picture(value):
            return value.copy(), 256 + value.width * value.height * len(value.getbands())
        if type(value) is dict and all(type(key) in plain for key in value):
            pairs = {key: copied(each) for key, each in value.items()}
            return {key: each for key, (each, _) in pairs.items()}, 64 + sum(size for _, size in pairs.values())
        if type(value) in (tuple, list) or (isinstance(value, tuple) and hasattr(value, "_fields")):
            parts = [copied(each) for each in value]
            made = [each for each, _ in parts]
            whole = type(value)(*made) if hasattr(value, "_fields") else type(value)(made)
            return whole, 64 + sum(size for _, size in parts)
        raise NotKept

    def available():
        try:
            with open("/proc/meminfo") as file:
                for line in file:
                    if line.startswith("MemAvailable"):
                        return int(line.split()[1]) * 1024
        except (OSError, ValueError):
            pass
        return 1 << 30

    class Kept(object):
        """The stage's operation, which makes each result once while there is room, in memory first."""

        def __init__(self, op, megabytes, on_disk):
            self.op, self.megabytes, self.on_disk = op, megabytes, on_disk
            named = op.func if isinstance(op, functools.partial) else op
            self.__name__ = getattr(named, "__name__", type(named).__name__)
            self.store, self.room = store_of(op), None

        def __reduce__(self):
            return home["_autoresearch_kept"], (self.op, self.megabytes, self.on_disk)

        def __call__(self, item):
            try:
                key = key_of(item)
            except NotKept:
                return self.op(item)
            known = self.store.results.get(key)
            if known is not None:
                return copied(known[0])[0]
            file = self.store.file
            if file is not None and file.process == os.getpid() and key in file.places:
                return file.get(key)
            result = self.op(item)
            try:
                self.keep(key, result)
            except NotKept:
                pass
            return result

        def keep(self, key, result):
            if self.room is None:
                # A quarter of what is free: the training needs the rest.
                self.room = min(self.megabytes << 20, available() // 4)
            value, size = copied(result)
            with lock:
                if key in self.store.results:
                    return
                if self.store.size + size <= self.room:
                    self.store.results[key] = (value,)
                    self.store.size += size
                    return
            if not self.on_disk or not self.keep_on_disk(key, value):
                self.miss(key)

        def keep_on_disk(self, key, value):
            with lock:
                if self.store.file is None or self.store.file.process != os.getpid():
                    self.store.file = OnDisk(self.on_disk)
            try:
                return self.store.file.keep(key, value)
            except Exception:
                # What does not pickle, or a disk that is full after all: the result is made again, as without this.
                return False

        def miss(self, key):
            """Tells how much was kept and how many found no room, seldom enough to cost nothing."""
            store, name = self.store, self.__name__
            with lock:
                mark = hashlib.blake2b(repr(key).encode(), digest_size=8).digest()
                is_again = mark in store.missed
                store.again += is_again
                if len(store.missed) < 1_000_000:
                    store.missed.add(mark)
                seen = len(store.missed) + store.again
                # Each time that it has doubled, and where the first one comes again: by then all were there once.
                is_news = seen >= 2 * store.told or is_again and store.again == 1
                if not is_news or any([each.isspace() for each in name]):
                    return
                store.told = seen
                counts = f"kept_items={len(store.results)} kept_bytes={store.size} missed_items={len(store.missed)}"
            os.write(1, f"[autoresearch] kept_stage={name} {counts} missed_again={store.again}\n".encode())

    def store_of(op):
        """One for all pipelines that are built with the same function; what holds values of its own has its own."""
        if isinstance(op, functools.partial):
            values = [*op.args, *op.keywords.values()]
            if is_bare(op.func) and all(type(each) in plain for each in values):
                return stores.setdefault((op.func.__code__, op.args, tuple(sorted_items(op.keywords))), Store())
            return Store()
        return stores.setdefault(op.__code__, Store()) if is_bare(op) else Store()

    def is_bare(op):
        """A function that depends on nothing but its code, so that one that is defined anew is the same."""
        held = (getattr(op, "__closure__", op), getattr(op, "__defaults__", op), getattr(op, "__kwdefaults__", op))
        return hasattr(op, "__code__") and not hasattr(op, "__self__") and held == (None, None, None)

    def sorted_items(options):
        names = list(options)
        names.sort()
        return [(name, options[name]) for name in names]

    def kept(op, megabytes, on_disk=0):
        return Kept(op, megabytes, on_disk)

    kept.__name__ = kept.__qualname__ = "_autoresearch_kept"
    return kept


_autoresearch_kept = _autoresearch_make_kept(globals())
# [autoresearch] kept results: end
