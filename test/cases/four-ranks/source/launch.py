"""A stand-in for `torchrun --standalone --tee 3`: its environment for each rank, its labels, its end when a rank dies."""

import argparse
import os
import subprocess
import sys
import threading


def start(rank, count, script, args):
    elastic = {
        "RANK": rank,
        "LOCAL_RANK": rank,
        "ROLE_RANK": rank,
        "GROUP_RANK": 0,
        "WORLD_SIZE": count,
        "LOCAL_WORLD_SIZE": count,
        "ROLE_WORLD_SIZE": count,
        "MASTER_ADDR": "localhost",
        "MASTER_PORT": 29500,
        "TORCHELASTIC_RUN_ID": "none",
        "OMP_NUM_THREADS": 1,
    }
    env = {**os.environ, **{name: str(value) for name, value in elastic.items()}}
    command = [sys.executable, "-u", script, *args]
    return subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def label(rank, pipe, stream):
    for line in pipe:
        os.write(stream, f"[default{rank}]:".encode() + line)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--nproc-per-node", type=int, required=True)
    parser.add_argument("script")
    parser.add_argument("args", nargs=argparse.REMAINDER)
    given = parser.parse_args()
    ranks = [start(rank, given.nproc_per_node, given.script, given.args) for rank in range(given.nproc_per_node)]
    threads = []
    for rank, process in enumerate(ranks):
        for pipe, stream in ((process.stdout, 1), (process.stderr, 2)):
            threads.append(threading.Thread(target=label, args=(rank, pipe, stream)))
    for thread in threads:
        thread.start()
    codes = [process.wait() for process in ranks]
    for thread in threads:
        thread.join()
    if any(codes):
        raise SystemExit(f"ChildFailedError: {codes}")


if __name__ == "__main__":
    main()
