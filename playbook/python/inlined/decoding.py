# [autoresearch] decoders: begin (each of FFmpeg's decoders has as many threads as is said where it is made)
def _autoresearch_make_decoding(home):
    # A scope of its own: whatever the script calls str or getattr is the script's.
    import functools
    from builtins import getattr, isinstance, object, str, type

    def decode_config(threads):
        import spdl.io

        return spdl.io.decode_config(decoder_options={"threads": str(threads)})

    class Decoding(object):
        """A function of spdl.io that is a stage; its configuration is made where it runs, as it need not pickle."""

        def __init__(self, op, threads):
            self.op, self.threads = op, threads
            named = op.func if isinstance(op, functools.partial) else op
            self.__name__ = getattr(named, "__name__", type(named).__name__)

        def __reduce__(self):
            return home["_autoresearch_decoding"], (self.op, self.threads)

        def __call__(self, item):
            return self.op(item, decode_config=decode_config(self.threads))

    def decoding(op, threads):
        return Decoding(op, threads)

    decoding.__name__ = decoding.__qualname__ = "_autoresearch_decoding"
    return decode_config, decoding


_autoresearch_decode_config, _autoresearch_decoding = _autoresearch_make_decoding(globals())
# [autoresearch] decoders: end
