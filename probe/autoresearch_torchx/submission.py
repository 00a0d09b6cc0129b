"""Names the app that `torchx run` submits, and records its handle before anybody else hears of it.

torchx makes names unique by a random end. Here the name is the job's own, and one job folder gets one app, also when
whoever asked for it died in between: who comes later waits for the lock, and finds the handle or asks the scheduler.
"""

import fcntl
import importlib.util
import json
import os
import subprocess
import sys

_lock = None


def start(told):
    """`told`: {"name": the app's, "record": path of the JSON file that is kept of it}."""
    sys.meta_path.insert(0, _Patches(told))


def _take_lock(told):
    global _lock
    _lock = os.open(told["record"] + ".lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(_lock, fcntl.LOCK_EX)
    except OSError:
        # A file system without locks: the record alone tells of whoever was here before.
        pass


class _Patches:
    """Changes two modules of torchx right after they were imported."""

    def __init__(self, told):
        self._told = told
        self._by_module = {"torchx.schedulers.ids": _fix_ids, "torchx.runner.api": _fix_runner}

    def find_spec(self, fullname, path=None, target=None):
        patch = self._by_module.pop(fullname, None)
        if patch is None:
            return None
        spec = importlib.util.find_spec(fullname)
        if spec is None or spec.loader is None:
            return spec
        execute = spec.loader.exec_module

        def exec_module(module):
            execute(module)
            patch(module, self._told)

        spec.loader.exec_module = exec_module
        return spec


def _fix_ids(ids, told):
    # An app of several parts, or a scheduler that makes more names, keeps them apart by what it asks to be unique.
    def named(name, string_length=0):
        return name if name == told["name"] else f"{name}-{told['name']}"

    ids.make_unique = named


def _fix_runner(api, told):
    # Here and not before: a Python that only starts torchx hands both on. The jobs are not to be named once more.
    os.environ.pop("AUTORESEARCH_TORCHX", None)
    _take_lock(told)
    dryrun, schedule = api.Runner.dryrun, api.Runner.schedule

    def named_dryrun(self, app, scheduler, cfg=None, *args, **kwargs):
        app.name = told["name"]
        app.metadata["autoresearch"] = told["name"]
        for role in app.roles:
            for name in ("AUTORESEARCH_RUN", "AUTORESEARCH_NODE", "AUTORESEARCH_PROBE_TO"):
                if name in os.environ:
                    role.env.setdefault(name, os.environ[name])
        if scheduler == "slurm":
            # Its jobs are called after roles; the comment is what is left to know one by.
            cfg = {**(cfg or {}), "comment": told["name"]}
        return dryrun(self, app, scheduler, cfg, *args, **kwargs)

    def recorded_schedule(self, dryrun_info):
        scheduler = dryrun_info._scheduler
        handle = _handle_of_before(self, told, scheduler)
        if handle is None:
            _write(told, {"scheduler": scheduler, "handle": None})
            handle = schedule(self, dryrun_info)
        job_dir = (dryrun_info._cfg or {}).get("job_dir")
        _write(told, {"scheduler": scheduler, "handle": handle, "folder": os.path.abspath(job_dir or os.curdir)})
        if "torchx.cli.cmd_run" in sys.modules:
            # What the command would do from here on (ask for a status, wait, show the log) is done for it.
            print(handle, flush=True)
            sys.exit(0)
        return handle

    api.Runner.dryrun, api.Runner.schedule = named_dryrun, recorded_schedule


def _handle_of_before(runner, told, scheduler):
    try:
        with open(told["record"], encoding="utf-8") as file:
            before = json.load(file)
    except FileNotFoundError:
        return None
    if before["handle"] is not None:
        return before["handle"]
    # Somebody was about to submit, and died.
    if scheduler == "slurm":
        question = ["squeue", "--noheader", "--states=all", "--format=%A %k"]
        listed = subprocess.run(question, capture_output=True, text=True, check=True)
        rows = [row.split(" ", 1) for row in listed.stdout.splitlines()]
        found = [job for job, *comment in rows if comment == [told["name"]]]
        return f"slurm://{runner.name()}/{found[-1]}" if found else None
    found = [app.app_handle for app in runner.list(scheduler) if app.app_id.split(":")[-1] == told["name"]]
    return found[-1] if found else None


def _write(told, record):
    temporary = f"{told['record']}.{os.getpid()}.tmp"
    with open(temporary, "w", encoding="utf-8") as file:
        json.dump(record, file)
        file.flush()
        os.fsync(file.fileno())
    os.replace(temporary, told["record"])
