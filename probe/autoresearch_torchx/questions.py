"""Answers one question about apps by torchx's interface, as JSON on the last line of stdout, and ends the process."""

import json
import os
import sys
import threading
import time
import traceback

# A log of a running app is followed by some schedulers, whatever they are told.
_LOG_S = 15.0


def answer(question):
    """{"states": [handle…]}, {"cancel": handle} or {"logs": handle, "cursor": {"role/replica": lines} or null}"""
    try:
        from torchx.runner import get_runner
    except ImportError:
        # Not the Python of torchx: a program that starts it, perhaps.
        os.environ["AUTORESEARCH_TORCHX"] = json.dumps({"ask": question})
        return
    try:
        runner = get_runner()
        if "states" in question:
            told = _states(runner, question["states"])
        elif "cancel" in question:
            runner.cancel(question["cancel"])
            told = {}
        else:
            told = _logs(runner, question["logs"], question["cursor"] or {})
    except BaseException as error:
        traceback.print_exc()
        told = {"error": f"{type(error).__name__}: {error}"}
    # What torchx left running (threads that follow a log) does not keep the process.
    sys.stdout.write("\n" + json.dumps(told) + "\n")
    sys.stdout.flush()
    os._exit(0)


def _states(runner, handles):
    """By handle: {"state": AppState, "said": what the app says of its end}. One that is not known is missing."""
    states = {}
    for scheduler in {handle.split("://")[0] for handle in handles}:
        wanted = {handle for handle in handles if handle.startswith(scheduler + "://")}
        ids = {handle.split("/", 3)[3]: handle for handle in wanted}
        states.update(_listed(runner, scheduler, ids) if len(wanted) > 1 else {})
    for handle in handles:
        # The end is asked for by itself: the list has no words for it.
        if states.get(handle, {"state": None})["state"] in (None, "FAILED"):
            status = runner.status(handle)
            if status is not None:
                states[handle] = {"state": status.state.name, "said": _said(status)}
            else:
                states.pop(handle, None)
    return states


def _listed(runner, scheduler, ids):
    try:
        apps = runner.list(scheduler)
    except NotImplementedError:
        return {}
    return {ids[app.app_id]: {"state": app.state.name, "said": ""} for app in apps if app.app_id in ids}


def _said(status):
    def readable(text):
        return "" if text in (None, "<NONE>") else str(text)

    error = readable(status.structured_error_msg)
    try:
        message = json.loads(error)["message"]
        error = message if isinstance(message, str) else message["message"]
    except (ValueError, KeyError, TypeError):
        pass
    failed = [
        f"{role.role}/{replica.id}"
        for role in status.roles
        for replica in role.replicas
        if replica.state.name == "FAILED"
    ]
    return "; ".join(filter(None, [error, readable(status.msg), f"failed: {', '.join(failed)}" if failed else ""]))


def _logs(runner, handle, cursor):
    from torchx.schedulers.api import Stream

    app = runner.describe(handle)
    replicas = [(role.name, k) for role in (app.roles if app else []) for k in range(role.num_replicas)]
    printed = {"stdout": "", "stderr": "", "cursor": dict(cursor)}
    deadline = time.monotonic() + _LOG_S
    for stream, name in ((Stream.STDOUT, "stdout"), (Stream.STDERR, "stderr")):
        for role, k in replicas:
            key = f"{name}:{role}/{k}"
            lines = _lines(runner, handle, role, k, stream, deadline)
            if lines is None and name == "stdout":
                # A scheduler that keeps both in one.
                lines = _lines(runner, handle, role, k, None, deadline)
            new = (lines or [])[cursor.get(key, 0) :]
            prefix = f"{role}/{k} " if len(replicas) > 1 else ""
            printed[name] += "".join(prefix + line for line in new)
            printed["cursor"][key] = cursor.get(key, 0) + len(new)
    return printed


def _lines(runner, handle, role, k, stream, deadline):
    """Whole lines so far; None where the scheduler does not keep this stream by itself."""
    lines, refused = [], []

    def read():
        try:
            for line in runner.log_lines(handle, role, k, should_tail=False, streams=stream):
                lines.append(line)
        except ValueError as error:
            refused.append(error)
        except (RuntimeError, FileNotFoundError):
            # It printed nothing.
            pass

    thread = threading.Thread(target=read, daemon=True)
    thread.start()
    thread.join(max(0.1, deadline - time.monotonic()))
    if refused:
        return None
    return lines if not lines or lines[-1].endswith(("\n", "\r")) or not thread.is_alive() else lines[:-1]
