"""What bench/probe-overhead.mjs runs: one SPDL pipeline over and over, in turn with the probe's classes and with SPDL's.

Both in one process and in pieces of about a second, so that a drift of the machine hits both alike. Small samples, so
that there are many tasks and queue operations a second: whatever the probe would add per sample shows here first.
A piece ends with a row for each stage, so rows come about as often as in a job.

Prints a line for each pair: samples a second with and without the probe, CPU seconds with and without.
"""

import sys
import time

import numpy as np
from spdl.pipeline import PipelineBuilder, StatsQueue, TaskStatsHook, config

COUNT, BATCH, WARM_UP = 1500, 16, 4


def load(index):
    time.sleep(0.002)
    return np.full((64, 64, 3), index % 251, dtype=np.uint8)


def augment(image):
    return (image.astype(np.float32) / 255.0 - 0.5)[:, ::-1]


def piece(hook, queue):
    """Samples a second, CPU seconds."""
    config.set_default_hook_class(hook)
    config.set_default_queue_class(queue)
    pipeline = (
        PipelineBuilder()
        .add_source(range(COUNT))
        .pipe(load, concurrency=6)
        .pipe(augment, concurrency=2)
        .aggregate(BATCH)
        .pipe(np.stack)
        .add_sink(3)
        .build(num_threads=9)
    )
    cpu_started = time.process_time()
    seen, started = 0, 0.0
    with pipeline.auto_stop():
        for number, batch in enumerate(pipeline):
            if number == WARM_UP:
                started = time.perf_counter()
            elif number > WARM_UP:
                seen += len(batch)
            float(np.square(batch).mean())
        elapsed = time.perf_counter() - started
    return seen / elapsed, time.process_time() - cpu_started


def main(pairs):
    probe = (config.get_default_hook_class(), config.get_default_queue_class())
    plain = (TaskStatsHook, StatsQueue)
    if probe == plain:
        sys.exit("the probe is not there: this would measure nothing")
    piece(*plain)
    piece(*probe)
    for pair in range(pairs):
        order = (probe, plain) if pair % 2 else (plain, probe)
        found = {classes: piece(*classes) for classes in order}
        print(*found[probe], *found[plain], flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]))
