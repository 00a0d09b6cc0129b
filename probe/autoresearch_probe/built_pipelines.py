"""What the pipelines that this process built really use: threads, concurrency, executors, buffers and batch sizes.

A number in the code may never reach a pipeline (a default that a configuration overrides); these did. It also measures
how long tasks wait for a thread of the pipeline's pool: SPDL's task time holds that wait, and is not work.
"""

import time
from collections import deque

from . import background, complaints
from .import_hook import after_import
from .table import Table

_COLUMNS = ("time_s", "pipeline", "stage", "setting", "value")
# A job that builds a pipeline for each of thousands of short epochs says the same each time.
_MOST_BUILDS = 64

_waits = {}
_builds = 0


def start(metrics_dir):
    table = Table(metrics_dir, "pipelines", _COLUMNS)
    after_import("spdl.pipeline._build", lambda: _watch(table))


def take_thread_wait(stage):
    """Mean seconds that the stage's tasks waited for a thread since the last call; None where none was measured."""
    waits = _waits.get(stage)
    count, total = 0, 0.0
    while waits:
        total += waits.popleft()
        count += 1
    return total / count if count else None


def _watch(table):
    from spdl.pipeline import _build

    original = _build._build_pipeline

    def _build_pipeline(pipeline_cfg, /, *, num_threads, **more):
        pipeline = original(pipeline_cfg, num_threads=num_threads, **more)
        with complaints.guard():
            _record(table, pipeline_cfg, num_threads)
        return pipeline

    _build._build_pipeline = _build_pipeline
    _build.ThreadPoolExecutor = _watched(_build.ThreadPoolExecutor)


def _record(table, config, num_threads):
    global _builds
    _builds += 1
    if _builds > _MOST_BUILDS:
        return
    from spdl.pipeline._components import _get_global_id

    now, number = f"{time.time():.3f}", _get_global_id()
    rows = [(now, number, "", "threads", num_threads)]
    for stage, setting, value in _settings(config):
        rows.append((now, number, stage, setting, value))
    background.later(lambda: table.append(rows))


def _settings(config):
    """(stage, setting, value) of a pipeline and of those that it merges."""
    for inner in getattr(config.src, "pipeline_configs", ()):
        yield from _settings(inner)
    for pipe in config.pipes:
        args = getattr(pipe, "_args", None)
        if args is not None:
            yield pipe.name, "concurrency", args.concurrency
            workers = getattr(args.executor, "_max_workers", None)
            if workers is not None:
                yield pipe.name, "executor", workers
        size = getattr(getattr(pipe, "op", None), "num_items", None) or getattr(getattr(pipe, "op", None), "n", None)
        if isinstance(size, int):
            yield "aggregate", "batch_size", size
    buffer_size = getattr(config.sink, "buffer_size", None)
    if buffer_size is not None:
        yield "sink", "buffer", buffer_size


def _watched(base):
    # SPDL has loaded it by now; other programs would pay for it with each process that they start.
    from asyncio import current_task

    class WatchedPool(base):
        def submit(self, fn, /, *args, **kwargs):
            waits = _waits_of_task(current_task)
            if waits is None:
                return super().submit(fn, *args, **kwargs)
            asked = time.perf_counter()

            def run(*given, **named):
                waits.append(time.perf_counter() - asked)
                return fn(*given, **named)

            return super().submit(run, *args, **kwargs)

    return WatchedPool


def _waits_of_task(current_task):
    """Where the waits of the current task's stage are kept: SPDL names a task `<stage>:<number>`."""
    try:
        name = current_task().get_name()
    except (RuntimeError, AttributeError):
        return None
    stage, colon, number = name.rpartition(":")
    if not colon or not number.isdigit():
        return None
    waits = _waits.get(stage)
    if waits is None:
        waits = _waits[stage] = deque(maxlen=100_000)
    return waits
