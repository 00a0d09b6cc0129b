import contextlib
import os
import sys
import tempfile
import unittest
from pathlib import Path

import numpy as np

BLOCK = (Path(sys.path[1]) / "inlined" / "kept.py").read_text("utf-8")


def kept(op, megabytes, on_disk=0):
    names = {}
    exec(BLOCK, names)
    return names["_autoresearch_kept"](op, megabytes, on_disk)


@contextlib.contextmanager
def printed():
    """What is written to file descriptor 1."""
    with tempfile.TemporaryFile("w+") as file:
        held = os.dup(1)
        os.dup2(file.fileno(), 1)
        lines = []
        try:
            yield lines
        finally:
            os.dup2(held, 1)
            os.close(held)
            file.seek(0)
            lines += file.read().splitlines()


class Counting:
    def __init__(self):
        self.calls = 0

    def __call__(self, item):
        self.calls += 1
        return {"image": np.full((4, 3), item, dtype=np.float32, order="F"), "name": f"file {item}"}


class KeptCases(unittest.TestCase):
    def run_epochs(self, megabytes, on_disk, epochs=3):
        op = Counting()
        stage = kept(op, megabytes, on_disk)
        given = [stage(item) for _ in range(epochs) for item in range(10)]
        for index, result in enumerate(given):
            fresh = op(index % 10)
            np.testing.assert_array_equal(result["image"], fresh["image"])
            self.assertEqual(result["image"].flags.f_contiguous, fresh["image"].flags.f_contiguous)
            self.assertEqual(result["name"], fresh["name"])
            # What the next stage does to it stays its own.
            self.assertTrue(result["image"].flags.writeable)
        return op.calls - len(given)

    def test_makes_each_result_once_in_memory(self):
        self.assertEqual(self.run_epochs(64, 0), 10)

    def test_makes_each_result_once_on_disk(self):
        self.assertEqual(self.run_epochs(0, 64), 10)

    def test_makes_all_results_again_without_room(self):
        with printed():
            self.assertEqual(self.run_epochs(0, 0), 30)

    def test_gives_what_was_kept_whatever_was_done_to_what_it_gave(self):
        stage = kept(Counting(), 0, 64)
        stage(1)
        stage(1)["image"][:] = -1
        self.assertEqual(stage(1)["image"][0, 0], 1)

    def test_leaves_no_file(self):
        with tempfile.TemporaryDirectory() as folder:
            before, tempfile.tempdir = tempfile.tempdir, folder
            try:
                self.assertEqual(self.run_epochs(0, 64, epochs=2), 10)
                self.assertEqual(os.listdir(folder), [])
            finally:
                tempfile.tempdir = before

    def test_tells_what_found_no_room_and_that_it_came_again(self):
        with printed() as lines:
            stage = kept(Counting(), 0)
            for _ in range(2):
                for item in range(10):
                    stage(item)
        counts = "kept_items=0 kept_bytes=0 missed_items=10 missed_again=1"
        self.assertEqual(lines[-1], f"[autoresearch] kept_stage=Counting {counts}")
