"""A TSV file of one process that only grows, with a header; place.py says where in the run's metrics folder it is.
Without a folder (None) its rows are told in the job's log.

Each append opens and closes the file: a descriptor kept open would be shared after a fork, and a program that closes
all descriptors could get its number for a file of its own.
"""

import os

from . import place

_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


def _cell(value):
    if isinstance(value, float):
        return format(value, ".9g")
    return str(value).translate(_ESCAPES)


class Table:
    def __init__(self, folder, name, columns):
        self._folder = folder
        self._name = name
        self._columns = columns
        self._header = "\t".join(columns) + "\n"

    def append(self, rows):
        """Rows are sequences in the order of the columns. One write, so that a killed process leaves whole lines."""
        if self._folder is None:
            # Imported late: a job whose tables are files does not pay for it.
            from . import marked_lines

            marked_lines.tell(self._name, self._columns, rows)
            return
        text = "".join("\t".join(map(_cell, row)) + "\n" for row in rows)
        path = place.path_of(self._folder, self._name)
        try:
            descriptor = self._open(path)
        except FileNotFoundError:
            os.makedirs(os.path.dirname(path), exist_ok=True)
            descriptor = self._open(path)
        try:
            if os.fstat(descriptor).st_size == 0:
                text = self._header + text
            os.write(descriptor, text.encode("utf-8", "surrogateescape"))
        finally:
            os.close(descriptor)

    @staticmethod
    def _open(path):
        return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
