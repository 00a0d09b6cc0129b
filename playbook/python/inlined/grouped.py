# [autoresearch] items in groups: begin (a task does several items: what a task costs is paid once for all of them)
def _autoresearch_make_each(home):
    # A scope of its own: whatever the script calls getattr, list or type is the script's.
    import functools
    import logging
    from builtins import Exception, getattr, isinstance, object, type

    class Each(object):
        def __init__(self, op):
            self.op = op
            named = op.func if isinstance(op, functools.partial) else op
            self.__name__ = getattr(named, "__name__", type(named).__name__)

        def __reduce__(self):
            return home["_autoresearch_each"], (self.op,)

        def __call__(self, items):
            results = []
            for item in items:
                try:
                    result = self.op(item)
                except Exception:
                    # As in SPDL: an item that fails is dropped, the others go on.
                    logging.getLogger("autoresearch").exception("%s failed", self.__name__)
                    continue
                if result is not None:
                    results.append(result)
            return results

    def each(op):
        return Each(op)

    each.__name__ = each.__qualname__ = "_autoresearch_each"
    return each


def _autoresearch_group(size):
    from spdl.pipeline.defs import Collate

    return Collate(size)


def _autoresearch_grouped(size):
    from spdl.pipeline.defs import Aggregate

    return Aggregate(_autoresearch_group(size))


def _autoresearch_ungrouped():
    from spdl.pipeline.defs import Disaggregate

    return Disaggregate()


_autoresearch_each = _autoresearch_make_each(globals())
# [autoresearch] items in groups: end
