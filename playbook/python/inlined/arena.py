# [autoresearch] arena: begin (what leaves the subprocess goes through one piece of shared memory)
def _autoresearch_make_arena():
    import os
    from builtins import OSError

    def arena(megabytes):
        """None, which means none, where shared memory has no room for twice as much."""
        from spdl.pipeline import SharedMemoryRingBuffer

        try:
            room = os.statvfs("/dev/shm")
        except OSError:
            return None
        if room.f_bavail * room.f_frsize < 2 * (megabytes << 20):
            return None
        return SharedMemoryRingBuffer(megabytes << 20)

    return arena


_autoresearch_arena = _autoresearch_make_arena()
# [autoresearch] arena: end
