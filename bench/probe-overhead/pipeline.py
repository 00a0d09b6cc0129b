"""What bench/probe-overhead.mjs runs: one SPDL pipeline over and over, in turn with the probe's classes and SPDL's.

Both in one process and in pieces of about a second, so that a drift of the machine hits both alike. Small samples, so
that there are many tasks and queue operations a second: whatever the probe would add per sample shows here first.
A piece ends with a row for each stage, so rows come about as often as in a job.

SPDL's classes are measured twice in each round: their ratio to themselves shows how noisy the machine is. The CPU time
that the probe's own functions take is counted, too: a number that noise hardly touches.

Prints a line for each round: samples a second and CPU seconds with the probe, without, without once more; then the CPU
seconds in the probe's own functions.
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


def count_own_time():
    """The CPU seconds in what the probe does for each row, in a list of one."""
    from autoresearch_probe import imported_files, spdl_statistics, table

    spent = [0.0]

    def counted(function):
        def call(*arguments):
            started = time.thread_time()
            try:
                return function(*arguments)
            finally:
                spent[0] += time.thread_time() - started

        return call

    table.Table.append = counted(table.Table.append)
    imported_files.sweep = counted(imported_files.sweep)
    spdl_statistics.stage_name = counted(spdl_statistics.stage_name)
    return spent


def main(rounds):
    probe = (config.get_default_hook_class(), config.get_default_queue_class())
    plain = (TaskStatsHook, StatsQueue)
    if probe == plain:
        sys.exit("the probe is not there: this would measure nothing")
    spent = count_own_time()
    variants = [probe, plain, plain]
    for classes in variants:
        piece(*classes)
    for number in range(rounds):
        found = [None] * len(variants)
        before = spent[0]
        for turn in range(len(variants)):
            which = (number + turn) % len(variants)
            found[which] = piece(*variants[which])
        print(*(value for pair in found for value in pair), spent[0] - before, flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]))
