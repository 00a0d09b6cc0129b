"""The detached program that owns one local job: `python autoresearch_job <run|await|adopt|kill> <job directory>`.

run    starts the job that stdin describes (JSON, environment included, so that it never stands in a file; without one,
       as on a cluster, whose scheduler hands it over, the job gets this process's own)
await  the same, told later: until then it writes nothing, and ends with whoever started it
adopt  goes on watching a job whose runner was killed
kill   ends a job whose runner was killed
shelter  says how this host can keep writes to a folder apart: overlay, read-only or none (shelter.py); the folder is empty
"""

import json
import os
import sys

# Started by its folder's path and isolated (-I), so that nothing of the user's environment gets in.
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import shelter  # noqa: E402
from job_directory import JobDirectory  # noqa: E402
from processes import adopt_orphans  # noqa: E402
from supervision import adopt, kill, run  # noqa: E402


def _awaited(directory):
    """What it is told to run; None when whoever started it has ended, or needs it no more."""
    # Here nobody waits for what that loads.
    adopt_orphans()
    text = sys.stdin.read()
    if text == "":
        return None
    request = json.loads(text)
    log = os.open(directory.file("runner.log"), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    for output in (1, 2):
        os.dup2(log, output)
    os.close(log)
    os.chdir(directory.path)
    return request


def main():
    if sys.argv[1] == "shelter":
        os.makedirs(os.path.join(sys.argv[2], "folder"))
        wanted = {"folders": [os.path.join(sys.argv[2], "folder")], "keep": [], "writes": os.path.join(sys.argv[2], "writes")}
        print(shelter.possible(wanted, "")[0])
        shelter.tidy(wanted)
        return
    action, directory = sys.argv[1], JobDirectory(sys.argv[2])
    # A request that was cut off (its sender died) is no request: nothing was started and nothing will be.
    if action == "await":
        request = _awaited(directory)
        if request is None:
            return
        action = "run"
    else:
        request = json.load(sys.stdin) if action == "run" else None
    is_of_scheduler = request is not None and request["env"] is None
    if is_of_scheduler:
        request["env"] = dict(os.environ)
    if not directory.lock():
        # Another runner owns the job.
        return
    if action == "run":
        run(directory, request)
        if is_of_scheduler:
            # Its scheduler takes this process for the job.
            sys.exit(directory.exit_code())
    elif action == "adopt":
        adopt(directory)
    elif action == "kill":
        kill(directory)
    else:
        sys.exit(f"unknown action {action!r}: run, adopt or kill")


main()
