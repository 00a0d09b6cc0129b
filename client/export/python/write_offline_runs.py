"""Writes runs of W&B in offline mode: one run for each line of JSON on stdin. Exit code 3: there is no wandb package.

The environment (client/export/wandb.ts) keeps wandb from looking at the machine, at git and at code, and from the net.
"""

import glob
import json
import os
import shutil
import sys

NO_PACKAGE = 3


def rows(series):
    """Values that belong to one moment in one row, as W&B keeps its history."""
    merged = {}
    for line in series:
        axis = "training_step" if line["by"] == "step" else "job_second"
        for point in line["points"]:
            row = merged.setdefault((axis, round(point["at"], 3)), {})
            row[line["name"]] = point["value"]
    for (axis, at), values in sorted(merged.items()):
        yield dict(values, **{axis: at})


def write(wandb, run):
    # A second export replaces the first one's: two folders with one id would both be sent.
    for old in glob.glob(os.path.join(glob.escape(run["dir"]), "wandb", "offline-run-*-" + glob.escape(run["id"]))):
        shutil.rmtree(old)
    with wandb.init(
        mode="offline",
        dir=run["dir"],
        project=run["project"],
        group=run["group"],
        id=run["id"],
        name=run["name"],
        job_type=run["job_type"],
        notes=run["notes"],
        tags=run["tags"],
        config=run["config"],
    ) as logged:
        for line in run["series"]:
            axis = "training_step" if line["by"] == "step" else "job_second"
            logged.define_metric(line["name"], step_metric=axis)
        for row in rows(run["series"]):
            logged.log(row)
        logged.summary.update(run["summary"])


def main():
    try:
        import wandb
    except ImportError as error:
        print(error, file=sys.stderr)
        return NO_PACKAGE
    count = 0
    for line in sys.stdin:
        write(wandb, json.loads(line))
        count += 1
    print(json.dumps({"runs": count, "wandb": wandb.__version__}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
