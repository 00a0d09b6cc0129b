# [autoresearch] headspace: begin (a few batches are loaded, then served from memory: what is left is the model's time)
class _AutoresearchHeadspace:
    """What is known of the loop over all its epochs."""

    def __init__(self):
        self.cache, self.total, self.counts = [], None, []
        try:
            from spdl.pipeline.config import get_default_build_callback, set_default_build_callback

            before = get_default_build_callback()

            def note_length(config):
                self.counts.append(_autoresearch_batches(config))
                if before is not None:
                    before(config)

            set_default_build_callback(note_length)
        except ImportError:
            pass

    def choose_total(self, known, limit):
        """Batches of an epoch: as many as the real loader gives, at most what the loop takes."""
        totals = [n for n in (known, limit) if n]
        self.total = min(totals) if totals else None
        return self.total

    def caches(self):
        return min(5, max(1, (self.total or 50) // 10))


def _autoresearch_batches(config):
    """How many batches a pipeline gives, where its source has a length and no stage changes the number."""
    import inspect

    source = config.src
    if hasattr(source, "pipeline_configs"):
        counts = [_autoresearch_batches(inner) for inner in source.pipeline_configs]
        count = None if None in counts else sum(counts)
    else:
        try:
            count = len(source.source)
        except TypeError:
            count = None
    for stage in config.pipes:
        kind = type(stage).__name__
        op = (
            getattr(stage, "op", None)
            if kind == "AggregateConfig"
            else getattr(getattr(stage, "_args", None), "op", None)
        )
        op = getattr(op, "func", op)
        if count is None or kind in ("DisaggregateConfig", "PathVariantsConfig"):
            return None
        if kind == "AggregateConfig":
            size = getattr(op, "n", None)
            if not isinstance(size, int):
                return None
            count = count // size if stage.drop_last else -(-count // size)
        elif inspect.isgeneratorfunction(op) or inspect.isasyncgenfunction(op):
            return None
    return count


class _AutoresearchCached:
    """Stands for the loader: the same number of batches, from CacheDataLoader."""

    def __init__(self, loader, limit, counted, endless=False):
        self._ar_loader, self._ar_limit, self._ar_counted, self._ar_batches = loader, limit, counted, None
        self._ar_endless = endless
        if endless and limit is None:
            self._ar_limit = 1000

    def __iter__(self):
        yield from self._ar_epoch()
        while self._ar_endless and _autoresearch_headspace.cache:
            yield from self._ar_epoch()

    def _ar_epoch(self):
        from spdl.dataloader import CacheDataLoader

        state = _autoresearch_headspace
        if not state.cache:
            iterator = iter(self._ar_loader)
            first = next(iterator, state)
            if first is state:
                return
            known = self._ar_count()
            if state.choose_total(known, self._ar_limit) is None:
                # Nothing says how many there are: they are counted before the loop gets the first one.
                state.cache, state.total = _autoresearch_count_ahead(first, iterator)
            else:
                count = state.caches()
                yield from CacheDataLoader(_autoresearch_keep(first, iterator, state, count), count, count, state.total)
                return
        count = min(len(state.cache), state.total)
        yield from CacheDataLoader(state.cache[:count], count, count, state.total)

    def __next__(self):
        if self._ar_batches is None:
            self._ar_batches = iter(self)
        try:
            return next(self._ar_batches)
        except StopIteration:
            self._ar_batches = None
            raise

    def _ar_count(self):
        """From the pipelines built, if they agree; else the loader's own length."""
        counts = set(_autoresearch_headspace.counts) if self._ar_counted else ()
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


class _AutoresearchCachedSized(_AutoresearchCached):
    def __len__(self):
        return len(self._ar_loader)


def _autoresearch_keep(first, iterator, state, count):
    """The loader's own batches, the first of which are kept for the epochs after this one."""
    state.cache.append(first)
    yield first
    for batch in iterator:
        if len(state.cache) < count:
            state.cache.append(batch)
        yield batch


def _autoresearch_count_ahead(first, iterator, limit_s=10.0):
    """Some batches and the number of all; ten times what came in the time limit when there is no end in sight."""
    import time

    cache, total, end = [first], 1, time.monotonic() + limit_s
    for batch in iterator:
        total += 1
        if len(cache) < 5:
            cache.append(batch)
        if time.monotonic() > end:
            return cache, max(1000, 10 * total)
    return cache, total


def _autoresearch_cached(loader, limit=None, counted=True, endless=False):
    kind = _AutoresearchCachedSized if hasattr(loader, "__len__") else _AutoresearchCached
    return kind(loader, limit, counted, endless)


def _autoresearch_cached_call(get_batch, limit=None, counted=True):
    """For loops that take each batch by a call: the end is an EOFError, as SPDL's."""

    def batches():
        while True:
            try:
                yield get_batch()
            except EOFError:
                return

    def get(*args, **options):
        if _autoresearch_calls[0] is None:
            _autoresearch_calls[0] = iter(_AutoresearchCached(batches(), limit, counted))
        try:
            return next(_autoresearch_calls[0])
        except StopIteration:
            _autoresearch_calls[0] = None
            raise EOFError("no more batches") from None

    return get


_autoresearch_headspace = _AutoresearchHeadspace()
_autoresearch_calls = [None]
# [autoresearch] headspace: end
