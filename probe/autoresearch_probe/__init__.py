"""What runs inside a job: switches the recorders on. Each recorder is one module and owns one kind of table.

Nothing here may break or slow a job: no threads, no import of what the job does not need, each error one line.
"""

import os

from . import complaints


def start(probe_dir):
    """Called once in each Python process, before the user's code. Without a metrics folder nothing is recorded, unless
    the job's log is to tell it.
    """
    metrics_dir = os.environ.get("AUTORESEARCH_METRICS_DIR")
    if os.environ.get("AUTORESEARCH_PROBE_TO"):
        with complaints.guard():
            from . import marked_lines

            metrics_dir = None if marked_lines.is_wanted(os.environ) else metrics_dir
            if metrics_dir is None:
                _start_away(probe_dir)
                return
    if not metrics_dir:
        return
    with complaints.guard():
        from . import editable_installs

        editable_installs.start()
    with complaints.guard():
        from . import uncaught_errors

        uncaught_errors.start(metrics_dir)
    with complaints.guard():
        from . import imported_files

        imported_files.start(metrics_dir, probe_dir)
    with complaints.guard():
        from . import written_files

        written_files.start(metrics_dir)
    with complaints.guard():
        from . import built_pipelines

        built_pipelines.start(metrics_dir)
    with complaints.guard():
        from . import spdl_statistics

        spdl_statistics.start(metrics_dir)


def _start_away(probe_dir):
    """On a host that does not see the workdir: what is written there are not the user's files."""
    from . import built_pipelines, imported_files, spdl_statistics, uncaught_errors

    with complaints.guard():
        imported_files.start(None, probe_dir)
    for recorder in (uncaught_errors, built_pipelines, spdl_statistics):
        with complaints.guard():
            recorder.start(None)
