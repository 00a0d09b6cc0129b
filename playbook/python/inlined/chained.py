# [autoresearch] chained stages: begin (two neighbouring stages as one: one task for an item where there were two)
def _autoresearch_make_chained(home):
    # A scope of its own: whatever the script calls getattr or type is the script's.
    import functools
    from builtins import getattr, isinstance, object, type

    class Chained(object):
        def __init__(self, first, second):
            self.first, self.second = first, second
            named = first.func if isinstance(first, functools.partial) else first
            self.__name__ = getattr(named, "__name__", type(named).__name__)

        def __reduce__(self):
            return home["_autoresearch_chained"], (self.first, self.second)

        def __call__(self, item):
            result = self.first(item)
            # SPDL drops an item for which a stage gives None.
            return None if result is None else self.second(result)

    def chained(first, second):
        return Chained(first, second)

    chained.__name__ = chained.__qualname__ = "_autoresearch_chained"
    return chained


_autoresearch_chained = _autoresearch_make_chained(globals())
# [autoresearch] chained stages: end
