"""How many samples a batch holds, told from its shape."""

_DEEPEST = 3
_SCALARS = (str, bytes, int, float, bool, type(None))


class MeanBatchSize:
    """Of the batches since it was last taken; None where there were none, and from the first on that does not show
    its size.
    """

    def __init__(self):
        self._samples, self._batches = 0, 0

    def add(self, batch):
        if self._samples is None:
            return
        size = samples_in(batch)
        if size is None:
            self._samples = None
        else:
            self._samples += size
            self._batches += 1

    def take(self):
        if not self._samples or not self._batches:
            return None
        mean = self._samples / self._batches
        self._samples, self._batches = 0, 0
        return mean


def samples_in(batch):
    """First dimension of its arrays, or the length of a list of samples; None where there are none, or they differ."""
    sizes = set(_sizes(batch, 0))
    return sizes.pop() if len(sizes) == 1 else None


def _sizes(batch, depth):
    shape = getattr(batch, "shape", None)
    if isinstance(shape, (tuple, list)):
        if len(shape) > 0:
            yield int(shape[0])
    elif depth > _DEEPEST or isinstance(batch, _SCALARS):
        return
    elif isinstance(batch, list) and batch and _holds_samples(batch):
        yield len(batch)
    else:
        for part in _parts(batch):
            yield from _sizes(part, depth + 1)


def _holds_samples(batch):
    """Whether it is a list of like things, and not of the arrays of one batch."""
    shapes = [getattr(part, "shape", None) for part in batch[:8]]
    return shapes[0] is None or (len(batch) > 2 and all(shape == shapes[0] for shape in shapes))


def _parts(batch):
    if isinstance(batch, dict):
        return batch.values()
    if isinstance(batch, (list, tuple)):
        return batch
    if hasattr(batch, "__dict__"):
        return vars(batch).values()
    return ()
