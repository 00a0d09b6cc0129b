"""Turns on SPDL's own task and queue statistics and writes a row for each stage and interval.

Only SPDL's defaults are replaced: hook and queue classes that the user's code sets or passes stay in force.
"""

import os
import time
from contextlib import asynccontextmanager

from . import background, built_pipelines, complaints, imported_files
from .batch_size import MeanBatchSize
from .import_hook import after_import
from .table import Table

# Short enough for several rows of a job that runs five seconds.
_DEFAULT_INTERVAL_S = 1.0
_SHORTEST_INTERVAL_S = 0.05

_TASK_COLUMNS = ("time_s", "name", "num_tasks", "num_failures", "ave_time", "p90_time", "p99_time", "thread_wait")
_QUEUE_COLUMNS = ("time_s", "name", "elapsed", "num_items", "qps", "put", "get", "occupation_rate", "sink", "batch_size")


def start(metrics_dir):
    tasks = Table(metrics_dir, "task_stats", _TASK_COLUMNS)
    queues = Table(metrics_dir, "queue_stats", _QUEUE_COLUMNS)
    after_import("spdl.pipeline", lambda: _replace_defaults(tasks, queues))


def _replace_defaults(tasks, queues):
    from spdl.pipeline import StatsQueue, TaskStatsHook, config

    interval_s = _interval_s()
    if config.get_default_hook_class() is TaskStatsHook:
        config.set_default_hook_class(_hook_class(TaskStatsHook, tasks, interval_s))
    if config.get_default_queue_class() is StatsQueue:
        config.set_default_queue_class(_queue_class(StatsQueue, queues, interval_s))
    imported_files.sweep()


def _interval_s():
    text = os.environ.get("AUTORESEARCH_STATS_INTERVAL", "")
    if not text:
        return _DEFAULT_INTERVAL_S
    try:
        return max(_SHORTEST_INTERVAL_S, float(text))
    except ValueError:
        complaints.complain(ValueError(f"AUTORESEARCH_STATS_INTERVAL must be a number of seconds, not {text!r}"))
        return _DEFAULT_INTERVAL_S


def stage_name(info):
    """`pipeline:{pipeline}:{index}:{function}[{concurrency}]`; SPDL itself leaves a concurrency of 1 out."""
    text = str(info)
    return f"pipeline:{text}" if text.endswith("]") else f"pipeline:{text}[1]"


def _hook_class(base, table, interval_s):
    class ProbeTaskHook(base):
        def __init__(self, info, interval=-1):
            super().__init__(info, interval if interval > 0 else interval_s)
            self._asked_for_by_user = interval > 0

        async def interval_stats_callback(self, stats):
            with complaints.guard():
                self._record(stats)
            if self._asked_for_by_user:
                await super().interval_stats_callback(stats)

        @asynccontextmanager
        async def stage_hook(self):
            try:
                async with super().stage_hook():
                    yield
            finally:
                with complaints.guard():
                    self._record(self._get_lap_stats())
                    background.later(imported_files.sweep)

        def _record(self, stats):
            now, wait = time.time(), built_pipelines.take_thread_wait(str(self.info))

            def append():
                times = (stats.ave_time, stats.p90_time, stats.p99_time, "" if wait is None else wait)
                table.append([(f"{now:.3f}", stage_name(self.info), stats.num_tasks, stats.num_failures, *times)])

            background.later(append)

    return ProbeTaskHook


def _queue_class(base, table, interval_s):
    class ProbeQueue(base):
        """Makes plain StatsQueue objects and watches them.

        SPDL reads its sink without a trip through the event loop only when the queue's type is exactly one of its
        own; an instance of a subclass would make each fetch of the training loop slower.
        """

        def __new__(cls, info, *, buffer_size=1, interval=-1, **more):
            if cls is not ProbeQueue:
                return super().__new__(cls)
            queue = base(info, buffer_size=buffer_size, interval=interval if interval > 0 else interval_s, **more)
            with complaints.guard():
                _watch(queue, table, asked_for_by_user=interval > 0)
            return queue

    return ProbeQueue


def _watch(queue, table, asked_for_by_user):
    report, hook = queue.interval_stats_callback, queue.stage_hook
    batch_size = _watch_batches(queue)

    def record(stats):
        now, size = time.time(), batch_size.take()

        def append():
            waits = (stats.ave_put_time, stats.ave_get_time)
            facts = (stats.elapsed, stats.num_items, stats.qps, *waits, stats.occupancy_rate)
            is_sink = _is_sink(queue)
            known = f"{size:.9g}" if is_sink and size is not None else ""
            table.append([(f"{now:.3f}", stage_name(queue.info), *facts, int(is_sink), known)])

        background.later(append)

    async def interval_stats_callback(stats):
        with complaints.guard():
            record(stats)
        if asked_for_by_user:
            await report(stats)

    @asynccontextmanager
    async def stage_hook():
        try:
            async with hook():
                yield
        finally:
            with complaints.guard():
                record(queue._get_lap_stats())

    queue.interval_stats_callback = interval_stats_callback
    queue.stage_hook = stage_hook


def _watch_batches(queue):
    from spdl.pipeline import is_eof, is_epoch_end

    batch_size = MeanBatchSize()
    if getattr(queue.info, "stage_name", None) == "sink":
        put = queue.put

        async def watched_put(item):
            if not is_eof(item) and not is_epoch_end(item):
                with complaints.guard():
                    batch_size.add(item)
            await put(item)

        queue.put = watched_put
    return batch_size


def _is_sink(queue):
    # A user's own stage may be called "sink" too, but only the real one is mirrored for the consumer's thread.
    if getattr(queue.info, "stage_name", None) != "sink":
        return False
    return getattr(queue, "_put_commit_callback", True) is not None
