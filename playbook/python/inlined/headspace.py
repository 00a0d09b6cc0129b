# [autoresearch] headspace: begin (a few batches are loaded, then served from memory: what is left is the model's time)
# Seconds that batches were counted ahead for: no part of the loop's time.
_autoresearch_counting = [0.0]


def _autoresearch_make_headspace(counting):
    # A scope of its own: whatever the script calls len, iter or time is the script's.
    import time
    from builtins import AttributeError, EOFError, ImportError, StopIteration, TypeError
    from builtins import bool, getattr, hasattr, int, isinstance, iter, len, max, min, next, object, set, setattr
    from builtins import str, sum, type

    clock = time.monotonic

    class Headspace(object):
        """What is known of the loop over all its epochs."""

        def __init__(self):
            self.cache, self.total, self.counts = [], None, []
            try:
                from spdl.pipeline.config import get_default_build_callback, set_default_build_callback

                before = get_default_build_callback()

                def note_length(config):
                    self.counts.append(batches_of(config))
                    if before is not None:
                        before(config)

                set_default_build_callback(note_length)
            except ImportError:
                pass

        def choose_total(self, counted, limit):
            """Batches of an epoch: as many as the real loader gives, at most what the loop takes."""
            totals = [n for n in (counted, limit) if n]
            self.total = min(totals) if totals else None
            return self.total

        def caches(self):
            return min(5, max(1, (self.total or 50) // 10))

    def batches_of(config):
        """How many batches a pipeline gives, where its source has a length and no stage changes the number."""
        source = config.src
        if hasattr(source, "pipeline_configs"):
            counts = [batches_of(inner) for inner in source.pipeline_configs]
            count = None if None in counts else sum(counts)
        else:
            try:
                count = len(source.source)
            except TypeError:
                count = None
        for stage in config.pipes:
            kind = type(stage).__name__
            holder = stage if kind == "AggregateConfig" else getattr(stage, "_args", None)
            op = getattr(holder, "op", None)
            op = getattr(op, "func", op)
            if count is None or kind in ("DisaggregateConfig", "PathVariantsConfig"):
                return None
            if kind == "AggregateConfig":
                size = getattr(op, "n", None)
                if not isinstance(size, int):
                    return None
                count = count // size if stage.drop_last else -(-count // size)
            elif is_generator(op):
                return None
        return count

    def is_generator(op):
        """By the flags of its code, as inspect tells it: CO_GENERATOR and CO_ASYNC_GENERATOR."""
        code = getattr(getattr(op, "__func__", op), "__code__", None)
        return bool(getattr(code, "co_flags", 0) & 0x220)

    class Cached(object):
        """Stands for the loader: the same number of batches, from CacheDataLoader."""

        def __init__(self, loader, limit, counted, endless=False, unbounded=False):
            self._ar_loader, self._ar_limit, self._ar_counted, self._ar_batches = loader, limit, counted, None
            self._ar_endless, self._ar_unbounded = endless, unbounded
            if endless and limit is None:
                self._ar_limit = 1000

        def __iter__(self):
            # An iterator of Python or SPDL goes on where it was; anything else starts again.
            return self if is_one_pass(self._ar_loader) else self._ar_epochs()

        def _ar_epochs(self):
            yield from self._ar_epoch()
            while self._ar_endless and known.cache:
                yield from self._ar_epoch()

        def _ar_epoch(self):
            from spdl.dataloader import CacheDataLoader

            if not known.cache:
                iterator = iter(self._ar_loader)
                first = next(iterator, known)
                if first is known:
                    return
                length = self._ar_count()
                if known.choose_total(length, self._ar_limit) is None and not self._ar_unbounded:
                    # Nothing says how many there are: they are counted before the loop gets the first one.
                    start = clock()
                    known.cache, known.total = count_ahead(first, iterator)
                    counting[0] += clock() - start
                else:
                    # Without a total the loop ends by itself, as by the time that has passed.
                    count = known.caches()
                    yield from CacheDataLoader(keep(first, iterator, count), count, count, known.total)
                    return
            count = len(known.cache) if known.total is None else min(len(known.cache), known.total)
            yield from CacheDataLoader(known.cache[:count], count, count, known.total)

        def __next__(self):
            if self._ar_batches is None:
                self._ar_batches = self._ar_epochs()
            try:
                return next(self._ar_batches)
            except StopIteration:
                if not is_one_pass(self._ar_loader):
                    self._ar_batches = None
                raise

        def _ar_count(self):
            """From the pipelines built, if they agree; else the loader's own length."""
            counts = set(known.counts) if self._ar_counted else ()
            if len(counts) == 1 and None not in counts:
                return counts.pop()
            try:
                return len(self._ar_loader)
            except TypeError:
                return None

        def __getattr__(self, name):
            if name.startswith(("_ar_", "__")):
                raise AttributeError(name)
            return getattr(self._ar_loader, name)

        def __setattr__(self, name, value):
            if name.startswith("_ar_"):
                object.__setattr__(self, name, value)
            else:
                setattr(self._ar_loader, name, value)

    def is_one_pass(loader):
        home = getattr(type(loader), "__module__", "")
        return hasattr(loader, "__next__") and home.split(".")[0] in ("builtins", "itertools", "spdl")

    class CachedSized(Cached):
        def __len__(self):
            return len(self._ar_loader)

    def keep(first, iterator, count):
        """The loader's own batches, the first of which are kept for the epochs after this one."""
        known.cache.append(first)
        yield first
        for batch in iterator:
            if len(known.cache) < count:
                known.cache.append(batch)
            yield batch

    def count_ahead(first, iterator, limit_s=10.0):
        """Some batches and the number of all; ten times what came in the time limit when there is no end in sight."""
        cache, total, end = [first], 1, clock() + limit_s
        for batch in iterator:
            total += 1
            if len(cache) < 5:
                cache.append(batch)
            if clock() > end:
                return cache, max(1000, 10 * total)
        return cache, total

    def cached(loader, limit=None, counted=True, endless=False, unbounded=False, phase=None):
        if isinstance(phase, str) and phase.lower().startswith(("val", "eval", "test", "dev", "infer", "predict")):
            return loader
        kind = CachedSized if hasattr(loader, "__len__") else Cached
        return kind(loader, limit, counted, endless, unbounded)

    def cached_call(get_batch, limit=None, counted=True, unbounded=False):
        """For loops that take each batch by a call: the end is an EOFError, as SPDL's."""

        def batches():
            while True:
                try:
                    yield get_batch()
                except EOFError:
                    return

        def get(*args, **options):
            if calls[0] is None:
                calls[0] = Cached(batches(), limit, counted, False, unbounded)._ar_epochs()
            try:
                return next(calls[0])
            except StopIteration:
                calls[0] = None
                raise EOFError("no more batches") from None

        return get

    known, calls = Headspace(), [None]
    return cached, cached_call


_autoresearch_cached, _autoresearch_cached_call = _autoresearch_make_headspace(_autoresearch_counting)
# [autoresearch] headspace: end
