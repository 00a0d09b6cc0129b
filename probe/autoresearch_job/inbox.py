"""What wakes the watch of a job: signals, whose meaning is read from the job directory."""

import os
import select
import signal


class Inbox:
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
        if select.select([self._reader], [], [], max(0.0, seconds))[0]:
            os.read(self._reader, 4096)
