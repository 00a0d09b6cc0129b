"""Makes every possible move in each script of a folder, runs what came out, and prints what each job said.

`python try_moves.py <analyser> <folder> all|pile|none|MOVE [script…]`; {script: {"base": …, "moves": [{move, stage, possible, reason, ran}]}}.
`pile` runs only the moves on top of each other, the name of a move that one alone, `none` nothing; what cannot run here is never run. A job is a fork of this process,
which has the libraries loaded, and ends as any Python program does.
"""

import importlib.util
import json
import os
import re
import runpy
import shutil
import signal
import sys
import tempfile
import time

sys.dont_write_bytecode = True
sys.path[:0] = [sys.argv[1], os.path.dirname(os.path.abspath(__file__))]
sys.setrecursionlimit(20_000)

import numpy  # noqa: E402, F401
import spdl.dataloader  # noqa: E402, F401
import spdl.io  # noqa: E402, F401
import spdl.pipeline  # noqa: E402, F401
import without_ffmpeg  # noqa: E402
from pipeline_source.analysis import Analysis  # noqa: E402
from pipeline_source.moves import apply_move, possible_moves  # noqa: E402

LIMIT_S = 60
# Moves on top of each other, as a search would pile them up; what is not possible is left out.
PILE = [
    *("callable_classes", "decoder_threads", "cache_stage", "cache_on_disk", "merge_stages", "batch_in_stage"),
    *("own_executor", "output_order", "gc_interval", "continuous_source", "mtp", "buffers", "arena"),
]


# It needs a GPU: what it makes is compiled, and not run.
NOT_RUN = {"nvdec"}


class Job(Exception):
    """Raised in the child: it goes on as the job."""


def can_run(folder: str, script: str) -> bool:
    """Of a script whose libraries are not here the moves are made and compiled, too."""
    with open(os.path.join(folder, script), encoding="utf-8") as file:
        return re.search(r"^import torch$", file.read(), re.M) is None or importlib.util.find_spec("torch") is not None


def start(folder: str, script: str, files: dict[str, str]) -> tuple[int, str]:
    """Pid and folder of a job: a copy of the folder with the new files."""
    copy = tempfile.mkdtemp()
    shutil.copytree(folder, copy, dirs_exist_ok=True)
    for path, content in files.items():
        with open(os.path.join(copy, path), "w", encoding="utf-8") as file:
            file.write(content)
    sys.stdout.flush()
    pid = os.fork()
    if pid == 0:
        raise Job(copy, script)
    return pid, copy


def run_here(copy: str, script: str) -> None:
    os.setsid()
    output = os.open(os.path.join(copy, "output.txt"), os.O_CREAT | os.O_WRONLY)
    os.dup2(output, 1)
    os.dup2(output, 2)
    os.chdir(copy)
    with open(script, encoding="utf-8") as file:
        if "set_start_method" in file.read():
            # Its processes ask how their parent was started.
            os.execv(sys.executable, [sys.executable, script])
    sys.path[:] = [copy, *sys.path[3:]]
    sys.argv[:] = [script]
    runpy.run_path(script, run_name="__main__")


def ended(pid: int, copy: str, deadline: float) -> str | None:
    """What the job said last, once it is over."""
    found, status = os.waitpid(pid, os.WNOHANG)
    if found == 0:
        if time.monotonic() < deadline:
            return None
        os.killpg(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        return "did not end"
    with open(os.path.join(copy, "output.txt"), encoding="utf-8", errors="replace") as file:
        text = file.read()
    shutil.rmtree(copy, ignore_errors=True)
    said = [line for line in text.splitlines() if line.startswith("items=")]
    code = os.waitstatus_to_exitcode(status)
    return said[-1] if code == 0 and said else f"exit code {code}: {text[-1500:]}"


def piled(folder: str, script: str) -> tuple[dict[str, str], list[str]]:
    files: dict[str, str] = {}
    done = []
    for move in PILE:
        analysis = Analysis(folder, script, f"python {script}", files)
        for each in possible_moves(analysis):
            if each["move"] == move and each["possible"]:
                parameters = {"stage": each["stage"]} if "stage" in each else {}
                files.update(apply_move(analysis, move, parameters)[0])
                done.append(" ".join([move, *parameters.values()]))
                break
    return files, done


def main() -> dict:
    if without_ffmpeg.is_missing():
        without_ffmpeg.install()
    folder = os.path.abspath(sys.argv[2])
    how = sys.argv[3]
    scripts = sys.argv[4:] or sorted(f for f in os.listdir(folder) if f.endswith(".py") and f != "counted.py")
    asked, answers = [], {}
    for script in scripts:
        analysis = Analysis(folder, script, f"python {script}")
        answers[script] = {"base": None, "moves": possible_moves(analysis)}
        if how == "none" or not can_run(folder, script):
            continue
        asked.append((script, {}, answers[script], "base"))
        for move in answers[script]["moves"]:
            if move["possible"] and how in ("all", move["move"]) and move["move"] not in NOT_RUN:
                parameters = {key: move[key] for key in ("stage",) if key in move}
                files = apply_move(Analysis(folder, script, f"python {script}"), move["move"], parameters)[0]
                asked.append((script, files, move, "ran"))
        if how not in ("all", "pile"):
            continue
        files, done = piled(folder, script)
        pile = {"move": "pile", "stage": ", ".join(done), "possible": True, "reason": ""}
        answers[script]["moves"].append(pile)
        asked.append((script, files, pile, "ran"))
    running: list[tuple] = []
    while asked or running:
        while asked and len(running) < 2:
            script, files, holder, key = asked.pop(0)
            running.append((*start(folder, script, files), time.monotonic() + LIMIT_S, holder, key))
        for job in list(running):
            pid, copy, deadline, holder, key = job
            said = ended(pid, copy, deadline)
            if said is not None:
                holder[key] = said
                running.remove(job)
        time.sleep(0.005)
    return answers


if __name__ == "__main__":
    try:
        answers = main()
    except Job as job:
        run_here(*job.args)
    else:
        json.dump(answers, sys.stdout)
