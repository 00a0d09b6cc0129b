"""The detached program that owns one local job: `python autoresearch_job <run|adopt|kill> <job directory>`.

run    starts the job that stdin describes (JSON, environment included, so that it never stands in a file; without one,
       as on a cluster, whose scheduler hands it over, the job gets this process's own)
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
from supervision import adopt, kill, run  # noqa: E402


def main():
    if sys.argv[1] == "shelter":
        os.makedirs(os.path.join(sys.argv[2], "folder"))
        wanted = {"folders": [os.path.join(sys.argv[2], "folder")], "keep": [], "writes": os.path.join(sys.argv[2], "writes")}
        print(shelter.possible(wanted, "")[0])
        shelter.tidy(wanted)
        return
    action, directory = sys.argv[1], JobDirectory(sys.argv[2])
    # A request that was cut off (its sender died) is no request: nothing was started and nothing will be.
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
