"""Trains on video clips; storage, demuxer, decoder and model are acted out by waiting, at a quarter of their time.

The figures are those that a published run tells: demuxing takes longer for each task the more are in flight, because
they share one disk and one lock, and seven engines decode, slowed down by whoever queues for them.
"""

import argparse
import random
import threading
import time
from concurrent.futures import ThreadPoolExecutor

from spdl.pipeline import PipelineBuilder

SPEED = 4
CLIP_S = 0.5
FETCH_MS = 20.0
# Milliseconds of one task, by how many are in flight.
DEMUX_MS = {1: 10.0, 2: 10.0, 3: 13.0, 4: 23.0, 6: 67.0, 8: 150.0, 12: 330.0, 16: 600.0}
DECODE_MS = 80.0 * CLIP_S
ENGINES = 7
SLOWED_BY_EACH_WAITING = 0.08
STEP_MS = 37.6
UNEVENNESS = 0.05

FETCH_CONCURRENCY = 8
DEMUX_CONCURRENCY = 8
DECODE_CONCURRENCY = 16
NUM_THREADS = 2
BATCH_SIZE = 16
BUFFER_SIZE = 3


def demux_ms(tasks: int) -> float:
    """Between two known numbers of tasks in proportion, beyond the last one as between the last two."""
    known = sorted(DEMUX_MS)
    if tasks in DEMUX_MS:
        return DEMUX_MS[tasks]
    upper = next((n for n in known if n > tasks), known[-1])
    lower = known[known.index(upper) - 1]
    return DEMUX_MS[lower] + (DEMUX_MS[upper] - DEMUX_MS[lower]) * (tasks - lower) / (upper - lower)


class InFlight:
    """How many tasks are in flight, the own one included."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._tasks = 0

    def __enter__(self) -> int:
        with self._lock:
            self._tasks += 1
            return self._tasks

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._tasks -= 1


demuxing, decoding = InFlight(), InFlight()
engines = threading.Semaphore(ENGINES)


def wait_ms(milliseconds: float) -> None:
    time.sleep(milliseconds * random.gauss(1, UNEVENNESS) / 1000 / SPEED)


def clips(count: int):
    yield from range(count)


def fetch(clip: int) -> int:
    wait_ms(FETCH_MS)
    return clip


def demux(clip: int) -> int:
    with demuxing as tasks:
        wait_ms(demux_ms(tasks))
    return clip


def decode(clip: int) -> int:
    with decoding as tasks, engines:
        wait_ms(DECODE_MS * (1 + SLOWED_BY_EACH_WAITING * max(0, tasks - ENGINES)))
    return clip


def build_pipeline(num_clips: int):
    return (
        PipelineBuilder()
        .add_source(clips(num_clips))
        .pipe(fetch, concurrency=FETCH_CONCURRENCY, executor=ThreadPoolExecutor(max_workers=FETCH_CONCURRENCY))
        .pipe(demux, concurrency=DEMUX_CONCURRENCY, executor=ThreadPoolExecutor(max_workers=DEMUX_CONCURRENCY))
        .pipe(decode, concurrency=DECODE_CONCURRENCY, executor=ThreadPoolExecutor(max_workers=DECODE_CONCURRENCY))
        .aggregate(BATCH_SIZE, drop_last=True)
        .add_sink(BUFFER_SIZE)
        .build(num_threads=NUM_THREADS)
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=96)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    random.seed(args.seed)
    pipeline = build_pipeline(args.steps * BATCH_SIZE)
    with pipeline.auto_stop():
        for _batch in pipeline:
            wait_ms(STEP_MS)


if __name__ == "__main__":
    main()
