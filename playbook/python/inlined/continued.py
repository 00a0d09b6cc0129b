# [autoresearch] epochs: begin (one pipeline goes on over all epochs that are built alike, not one for each of them)
def _autoresearch_make_continued():
    # A scope of its own: whatever the script calls iter, len or type is the script's.
    import concurrent.futures
    import contextlib
    import dataclasses
    import functools
    import pathlib
    import sys
    import threading
    import types
    import weakref
    from builtins import EOFError, RecursionError, StopIteration, ValueError, bool, bytes, dict, float, frozenset
    from builtins import getattr, hasattr, id, int, isinstance, list, object, range, set, str, tuple, type, vars

    plain = (str, bytes, int, float, bool, type(None), range)
    places, lock = {}, threading.Lock()

    class Going(object):
        """The pipeline of one place in the code, the epoch that is under way, and what it was built from."""

        def __init__(self, pipeline, likeness, held):
            # `held` keeps alive what the likeness knows by its identity.
            self.pipeline, self.likeness, self.held = pipeline, likeness, held
            self.is_started, self.at_end, self.epoch = False, True, None

        def is_taken(self):
            epoch = self.epoch and self.epoch()
            return epoch is not None and not epoch.is_over

        def next_epoch(self):
            epoch = Epoch(self)
            self.epoch = weakref.ref(epoch)
            return epoch

        def close(self):
            if self.is_started:
                self.is_started = False
                self.pipeline.stop()

    class Epoch(object):
        """Behaves like spdl.pipeline.Pipeline, and is one epoch of a pipeline that goes on."""

        def __init__(self, going):
            self.going, self.is_over, self.has_ended = going, False, False

        def start(self, **options):
            if not self.going.is_started and not self.is_over:
                self.going.is_started = True
                self.going.pipeline.start(**options)

        def stop(self, **_):
            if not self.is_over:
                # In the middle of an epoch: what is left of it must not come in the next one.
                self.is_over = True
                self.going.close()

        @contextlib.contextmanager
        def auto_stop(self, **options):
            self.start(**options)
            try:
                yield
            finally:
                self.stop()

        def get_item(self, **options):
            if self.is_over:
                raise EOFError("Reached the end of the epoch")
            self.start()
            self.going.at_end = False
            try:
                return self.going.pipeline.get_item(**options)
            except EOFError:
                self.going.at_end = self.is_over = True
                raise

        def get_iterator(self, **options):
            while True:
                try:
                    item = self.get_item(**options)
                except EOFError:
                    return
                yield item

        def __iter__(self):
            return self.get_iterator()

        def __next__(self):
            try:
                return self.get_item()
            except EOFError:
                raise StopIteration from None

    def likeness_of(value, depth=0):
        """Equal for what gives the same items; what cannot be looked into is like itself alone."""
        if type(value) in plain or isinstance(value, pathlib.PurePath):
            return (type(value), value)
        if depth > 12:
            return (type(value), id(value))
        parts = parts_of(value)
        if parts is None:
            return (type(value), id(value))
        if type(value) in (set, frozenset):
            return (type(value), frozenset([likeness_of(each, depth + 1) for each in parts]))
        return (type(value), *[likeness_of(each, depth + 1) for each in parts])

    def parts_of(value):
        if type(value) in (tuple, list, set, frozenset):
            return value
        if type(value) is dict:
            return [each for pair in value.items() for each in pair]
        if type(value) is functools.partial:
            return [value.func, value.args, value.keywords]
        if type(value) is types.MethodType:
            return [value.__func__, value.__self__]
        if type(value) is types.CodeType:
            # Code is like what is equal to it, although it is compiled anew.
            return [value.co_code, value.co_names, str(value.co_consts), value.co_filename, value.co_firstlineno]
        if type(value) is types.FunctionType:
            cells = [each.cell_contents for each in value.__closure__ or ()]
            return [value.__code__, cells, value.__defaults__, value.__kwdefaults__]
        if isinstance(value, concurrent.futures.Executor):
            # Who runs a task changes none.
            return [getattr(value, "_max_workers", None)]
        numpy = sys.modules.get("numpy")
        if numpy is not None and type(value) is numpy.ndarray and value.size < 1_000_000 and not value.dtype.hasobject:
            return [value.shape, value.dtype.str, value.tobytes()]
        return [vars(value)] if is_of_python(type(value)) and type(getattr(value, "__dict__", None)) is dict else None

    def is_of_python(cls):
        """A class all of whose objects hold what they hold in their __dict__."""
        for each in cls.__mro__[:-1]:
            home = getattr(sys.modules.get(each.__module__), "__file__", None) or ""
            is_made_by_code = each.__flags__ & 1 << 9 and (home.endswith(".py") or each.__module__ == "__main__")
            if not is_made_by_code or vars(each).get("__slots__"):
                return False
        return True

    def begins_anew(source):
        return hasattr(type(source), "__iter__") and not hasattr(type(source), "__next__")

    def continued(config, *, make=None, **options):
        """Instead of building a pipeline for each epoch; `make` builds it where build_pipeline does not."""
        if make is None:
            from spdl.pipeline import build_pipeline as make
        source = getattr(config, "src", None)
        if not begins_anew(getattr(source, "source", None)) or source.continuous:
            return make(config, **options)
        caller = sys._getframe(1)
        place = (caller.f_code, caller.f_lasti)
        with lock:
            try:
                likeness = likeness_of([config, make, options])
            except (RecursionError, ValueError):
                return make(config, **options)
            going = places.get(place)
            if going is not None and going.is_taken():
                return make(config, **options)
            if going is not None and going.at_end and going.likeness == likeness and going.is_started:
                return going.next_epoch()
            if going is not None:
                going.close()
            again = dataclasses.replace(config, src=dataclasses.replace(source, continuous=True))
            going = places[place] = Going(make(again, **options), likeness, (config, make, options))
            return going.next_epoch()

    return continued


_autoresearch_continued = _autoresearch_make_continued()
# [autoresearch] epochs: end
