# [autoresearch] archives of arrays: begin (read by spdl.io.load_npz, or by numpy where that one cannot)
def _autoresearch_make_load_npz():
    # A scope of its own: whatever the script calls open or getattr is the script's.
    from builtins import Exception, bytearray, getattr, object, open

    class Archive(object):
        """What code does with numpy.load's archive: arrays by name, and `with`."""

        def __init__(self, arrays, data):
            self.arrays, self.data = arrays, data

        def __getitem__(self, name):
            try:
                array = self.arrays[name]
            except Exception:
                import io

                import numpy

                # What only numpy can read, or says why not.
                return numpy.load(io.BytesIO(self.data))[name]
            # As numpy gives them: the code may write to them.
            return array if array.flags.writeable else array.copy()

        def __enter__(self):
            return self

        def __exit__(self, *_):
            return None

        def close(self):
            return None

    def load(file):
        import numpy

        place = file.tell() if getattr(file, "read", None) is not None else None
        try:
            import spdl.io

            if place is None:
                with open(file, "rb") as opened:
                    data = bytearray(opened.read())
            else:
                data = bytearray(file.read())
            return Archive(spdl.io.load_npz(data), data)
        except Exception:
            if place is not None:
                file.seek(place)
            return numpy.load(file)

    return load


_autoresearch_load_npz = _autoresearch_make_load_npz()
# [autoresearch] archives of arrays: end
