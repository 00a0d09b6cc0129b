# [autoresearch] timing: begin (measures the training loop; writes one line a step, at most 50 a second)
def _autoresearch_make_timing():
    # A scope of its own: whatever the script calls print, len or time, and wherever it sends what it prints, is the
    # script's.
    import atexit
    import os
    import sys
    import time
    from builtins import AttributeError, BaseException, BlockingIOError, Exception, OSError, StopIteration
    from builtins import all, bool, bytes, callable, dict, float, getattr, hasattr, int, isinstance, iter, len, list
    from builtins import globals, max, next, object, setattr, str, sum, tuple, vars

    names = globals()
    clock, pause, write = time.perf_counter, time.sleep, os.write
    stdout = sys.__stdout__
    try:
        # The standard output that the job was started with, also when the script redirects or closes it later.
        target = os.dup(1)
    except OSError:
        target = None

    def say(text):
        if target is None:
            return
        try:
            # What the script printed before comes before.
            stdout.flush()
        except Exception:
            pass
        line, tries = ("[autoresearch] %s\n" % text).encode("ascii"), 200
        while line and tries:
            try:
                line = line[write(target, line) :]
            except BlockingIOError:
                tries -= 1
                pause(0.001)
            except OSError:
                return

    def say_own(text):
        """Of this process alone: several may print into one log, and the pid tells them apart."""
        say("%s pid=%d" % (text, os.getpid()))

    class Timer:
        """Step, fetch and compute time of the loop, over all epochs."""

        def __init__(self):
            # Of the first 100 steps each, of all together, and of those before the steady ones of a long run.
            self.first_steps, self.samples, self.skipped_samples = [], 0, 0
            self.steps = self.printed = 0
            self.total_step_s = self.total_fetch_s = self.printed_step_s = self.printed_fetch_s = self.skipped_s = 0.0
            self.step_start = self.fetch_start = self.fetch_s = self.next_print = self.first_fetch = 0.0
            self.size, self.sized = 0, True
            self.open = self.started = self.finished = False
            self.cores = os.cpu_count() or 1
            if hasattr(os, "sched_getaffinity"):
                self.cores = len(os.sched_getaffinity(0))
            atexit.register(self.finish, at_exit=True)

        def begin_fetch(self):
            now = clock()
            if not self.started:
                self.started = True
                say("cpu_cores=%d" % self.cores)
                now = self.first_fetch = clock()
            if self.open:
                self.close_step(now)
            self.step_start = self.fetch_start = now

        def end_fetch(self, batch, kind):
            now = clock()
            counting = names.get("_autoresearch_counting")
            if counting and counting[0]:
                # Batches were counted ahead of the first one: that time belongs to no step.
                self.step_start += counting[0]
                self.fetch_start += counting[0]
                self.first_fetch += counting[0]
                counting[0] = 0.0
            self.fetch_s = now - self.fetch_start
            if not self.steps and not self.open:
                say("ttfb_s=%.4f" % (now - self.first_fetch))
            if self.sized:
                try:
                    self.size = batch_size(batch, kind)
                except Exception:
                    self.size = None
                self.sized = self.size is not None
            self.open, self.finished = True, False

        def close_step(self, now):
            self.open = False
            step_s = now - self.step_start
            self.steps += 1
            self.total_step_s += step_s
            self.total_fetch_s += self.fetch_s
            if self.sized:
                self.samples += self.size
                if self.steps <= 20:
                    self.skipped_s, self.skipped_samples = self.total_step_s, self.samples
                if self.steps <= 100:
                    self.first_steps.append((step_s, self.size))
            if now >= self.next_print or self.steps <= 20:
                self.next_print = now + 0.02
                self.print_steps()

        def print_steps(self):
            count = self.steps - self.printed
            if count:
                step_ms = (self.total_step_s - self.printed_step_s) / count * 1e3
                fetch_ms = (self.total_fetch_s - self.printed_fetch_s) / count * 1e3
                say_own(
                    "step=%d step_time_ms=%.4f fetch_time_ms=%.4f compute_time_ms=%.4f"
                    % (self.steps, step_ms, fetch_ms, max(0.0, step_ms - fetch_ms))
                )
            self.printed = self.steps
            self.printed_step_s, self.printed_fetch_s = self.total_step_s, self.total_fetch_s

        def finish(self, at_exit=False):
            """End of an epoch, by whatever way: the last throughput line counts."""
            if self.open:
                now = clock()
                if at_exit and self.steps:
                    # Nobody saw when the last step ended, so it gets the usual compute time.
                    now = self.fetch_start + self.fetch_s + (self.total_step_s - self.total_fetch_s) / self.steps
                self.close_step(now)
            if self.finished or not self.steps:
                return
            self.finished = True
            self.print_steps()
            if self.sized:
                # As for the steady step time: without the first 20 steps, or the first fifth of a short run.
                seconds, samples = self.total_step_s - self.skipped_s, self.samples - self.skipped_samples
                if self.steps < 100:
                    steady = self.first_steps[self.steps // 5 :]
                    seconds, samples = sum([s for s, _ in steady]), sum([n for _, n in steady])
                if seconds > 0:
                    say_own("throughput_samples_per_s=%.4f sample_count=%d" % (samples / seconds, self.samples))

    def batch_size(batch, kind, depth=0):
        """Number of samples: the first dimension of the first array, else the length of a list of samples."""
        if kind == "window" and isinstance(batch, (list, tuple)):
            sizes = [batch_size(part, "", 0) for part in batch]
            return None if None in sizes else sum(sizes)
        shape = getattr(batch, "shape", None)
        if shape is not None and not callable(shape):
            return int(shape[0]) if len(shape) else None
        if depth > 3 or batch is None or isinstance(batch, (str, bytes, int, float, bool)):
            return None
        if depth == 0 and kind == "list" and isinstance(batch, (list, tuple)):
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
            if shapes[0] is None or len(batch) > 2 and all([s == shapes[0] for s in shapes]):
                return len(batch)
        for part in parts:
            size = batch_size(part, kind, depth + 1)
            if size is not None:
                return size
        return None

    class Timed(object):
        """Iterates over what it wraps and times it; everything else is passed through."""

        def __init__(self, iterable, kind):
            self._ar_wrapped, self._ar_kind, self._ar_steps = iterable, kind, None

        def __iter__(self):
            return self._ar_generate()

        def _ar_generate(self):
            kind, iterator = self._ar_kind, None
            try:
                while True:
                    timer.begin_fetch()
                    if iterator is None:
                        iterator = iter(self._ar_wrapped)
                    try:
                        batch = next(iterator)
                    except StopIteration:
                        return
                    timer.end_fetch(batch, kind)
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

    class TimedSized(Timed):
        def __len__(self):
            return len(self._ar_wrapped)

    def is_evaluation(phase):
        return isinstance(phase, str) and phase.lower().startswith(("val", "eval", "test", "dev", "infer", "predict"))

    def timed(iterable, batch_is_list=False, window=False, phase=None):
        if is_evaluation(phase):
            return iterable
        kind = "window" if window else "list" if batch_is_list else ""
        return (TimedSized if hasattr(iterable, "__len__") else Timed)(iterable, kind)

    def fetched(get, kind, args, options):
        timer.begin_fetch()
        try:
            batch = get(*args, **options)
        except BaseException:
            timer.finish()
            raise
        if kind == "window" and not batch:
            timer.finish()
        else:
            timer.end_fetch(batch, kind)
        return batch

    def timed_call(get_batch, *args, **options):
        """For loops that take each batch by a call."""
        return fetched(get_batch, "", args, options)

    def timed_window(gather, *args, **options):
        """For loops that take several batches at a time, as a list: together they are one step."""
        return fetched(gather, "window", args, options)

    for made, name in ((Timed, "_AutoresearchTimed"), (TimedSized, "_AutoresearchTimedSized")):
        made.__name__ = made.__qualname__ = name
    timer = Timer()
    return timed, timed_call, timed_window, Timed, TimedSized


(
    _autoresearch_timed,
    _autoresearch_timed_call,
    _autoresearch_timed_window,
    _AutoresearchTimed,
    _AutoresearchTimedSized,
) = _autoresearch_make_timing()
# [autoresearch] timing: end
