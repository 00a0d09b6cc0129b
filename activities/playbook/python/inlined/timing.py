# [autoresearch] timing: begin (measures the training loop; prints one line a step, at most 50 a second)
class _AutoresearchTimer:
    """Step, fetch and compute time of the loop, over all epochs."""

    def __init__(self):
        import array
        import atexit
        import os
        import time

        self.clock, self.pid = time.perf_counter, os.getpid
        self.step_s, self.samples = array.array("d"), array.array("q")
        self.sized = True
        self.step_start = self.fetch_start = self.fetch_s = self.next_print = 0.0
        self.printed, self.printed_step_s, self.printed_fetch_s = 0, 0.0, 0.0
        self.total_step_s = self.total_fetch_s = 0.0
        self.open = self.started = self.finished = False
        self.cores = os.cpu_count() or 1
        if hasattr(os, "sched_getaffinity"):
            self.cores = len(os.sched_getaffinity(0))
        atexit.register(self.finish, at_exit=True)

    def say(self, text):
        print("[autoresearch] " + text, flush=True)

    def say_own(self, text):
        """Of this process alone: several may print into one log, and the pid tells them apart."""
        self.say("%s pid=%d" % (text, self.pid()))

    def begin_fetch(self):
        now = self.clock()
        if not self.started:
            self.started = True
            self.say("cpu_cores=%d" % self.cores)
            now = self.clock()
            self.first_fetch = now
        if self.open:
            self.close_step(now)
        self.step_start = self.fetch_start = now

    def end_fetch(self, batch, batch_is_list):
        now = self.clock()
        self.fetch_s = now - self.fetch_start
        if not len(self.step_s) and not self.open:
            self.say("ttfb_s=%.4f" % (now - self.first_fetch))
        if self.sized:
            try:
                size = _autoresearch_batch_size(batch, batch_is_list)
            except Exception:
                size = None
            if size is None:
                self.sized = False
            else:
                self.samples.append(size)
        self.open, self.finished = True, False

    def close_step(self, now):
        self.open = False
        step_s = now - self.step_start
        self.step_s.append(step_s)
        self.total_step_s += step_s
        self.total_fetch_s += self.fetch_s
        if now >= self.next_print or len(self.step_s) <= 20:
            self.next_print = now + 0.02
            self.print_steps()

    def print_steps(self):
        count = len(self.step_s) - self.printed
        if count:
            step_ms = (self.total_step_s - self.printed_step_s) / count * 1e3
            fetch_ms = (self.total_fetch_s - self.printed_fetch_s) / count * 1e3
            self.say_own(
                "step=%d step_time_ms=%.4f fetch_time_ms=%.4f compute_time_ms=%.4f"
                % (len(self.step_s), step_ms, fetch_ms, max(0.0, step_ms - fetch_ms))
            )
        self.printed = len(self.step_s)
        self.printed_step_s, self.printed_fetch_s = self.total_step_s, self.total_fetch_s

    def finish(self, at_exit=False):
        """End of an epoch, by whatever way: the last throughput line counts."""
        if self.open:
            now = self.clock()
            if at_exit and len(self.step_s):
                # Nobody saw when the last step ended, so it gets the usual compute time.
                now = self.fetch_start + self.fetch_s + (self.total_step_s - self.total_fetch_s) / len(self.step_s)
            self.close_step(now)
        if self.finished or not len(self.step_s):
            return
        self.finished = True
        self.print_steps()
        if self.sized and len(self.samples) == len(self.step_s):
            # As for the steady step time: without the first 20 steps, or the first fifth of a short run.
            skip = 20 if len(self.step_s) >= 100 else len(self.step_s) // 5
            seconds = sum(self.step_s[skip:])
            if seconds > 0:
                rate, total = sum(self.samples[skip:]) / seconds, sum(self.samples)
                self.say_own("throughput_samples_per_s=%.4f sample_count=%d" % (rate, total))


def _autoresearch_batch_size(batch, batch_is_list, depth=0):
    """Number of samples: the first dimension of the first array, else the length of a list of samples."""
    shape = getattr(batch, "shape", None)
    if shape is not None and not callable(shape):
        return int(shape[0]) if len(shape) else None
    if depth > 3 or batch is None or isinstance(batch, (str, bytes, int, float, bool)):
        return None
    if depth == 0 and batch_is_list and isinstance(batch, (list, tuple)):
        return len(batch)
    if isinstance(batch, dict):
        parts = list(batch.values())
    elif isinstance(batch, (list, tuple)):
        parts = batch
    elif hasattr(batch, "__dataclass_fields__"):
        parts = [getattr(batch, name) for name in batch.__dataclass_fields__]
    elif hasattr(batch, "__dict__"):
        parts = list(vars(batch).values())
    else:
        return None
    if isinstance(batch, list) and batch:
        shapes = [getattr(part, "shape", None) for part in batch[:8]]
        if shapes[0] is None or len(batch) > 2 and all(s == shapes[0] for s in shapes):
            return len(batch)
    for part in parts:
        size = _autoresearch_batch_size(part, batch_is_list, depth + 1)
        if size is not None:
            return size
    return None


class _AutoresearchTimed:
    """Iterates over what it wraps and times it; everything else is passed through."""

    def __init__(self, iterable, batch_is_list):
        self._ar_wrapped, self._ar_batch_is_list, self._ar_steps = iterable, batch_is_list, None

    def __iter__(self):
        return self._ar_generate()

    def _ar_generate(self):
        timer, batch_is_list = _autoresearch_timer, self._ar_batch_is_list
        iterator = None
        try:
            while True:
                timer.begin_fetch()
                if iterator is None:
                    iterator = iter(self._ar_wrapped)
                try:
                    batch = next(iterator)
                except StopIteration:
                    return
                timer.end_fetch(batch, batch_is_list)
                yield batch
        finally:
            timer.finish()

    def __next__(self):
        if self._ar_steps is None:
            self._ar_steps = self._ar_generate()
        try:
            return next(self._ar_steps)
        except StopIteration:
            # An iterator that can be started again is asked again; any other stays exhausted.
            self._ar_steps = None
            raise

    def __getattr__(self, name):
        if name.startswith(("_ar_", "__")):
            raise AttributeError(name)
        return getattr(self._ar_wrapped, name)

    def __setattr__(self, name, value):
        if name.startswith("_ar_"):
            object.__setattr__(self, name, value)
        else:
            setattr(self._ar_wrapped, name, value)


class _AutoresearchTimedSized(_AutoresearchTimed):
    def __len__(self):
        return len(self._ar_wrapped)


def _autoresearch_timed(iterable, batch_is_list=False):
    return (_AutoresearchTimedSized if hasattr(iterable, "__len__") else _AutoresearchTimed)(iterable, batch_is_list)


def _autoresearch_timed_call(get_batch, *args, **options):
    """For loops that take each batch by a call."""
    _autoresearch_timer.begin_fetch()
    try:
        batch = get_batch(*args, **options)
    except BaseException:
        _autoresearch_timer.finish()
        raise
    _autoresearch_timer.end_fetch(batch, False)
    return batch


_autoresearch_timer = _AutoresearchTimer()
# [autoresearch] timing: end
