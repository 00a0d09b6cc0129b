"""Where a process keeps its tables: in a folder of its rank where it has one, under a name that no process of another
host takes.

`<name>-<pid>.tsv` on the host of the engine (AUTORESEARCH_HOST), `<name>-<pid>@<host>.tsv` elsewhere: processes of two
hosts may have one number, and what both append to one file on a shared disk is neither's. Without AUTORESEARCH_HOST
the first form is used everywhere.
"""

import functools
import os

# The launcher that is nearest to the process first: `mpirun` inside an allocation of Slurm leaves each rank the number
# of the daemon that started it. LOCAL_RANK alone says nothing, because each host has a 0.
_RANKS = ("RANK", "OMPI_COMM_WORLD_RANK", "PMI_RANK")
# Of schedulers that start replicas: torchx on Google Batch, and an indexed Job of Kubernetes.
_REPLICAS = ("TORCHX_REPLICA_IDX", "JOB_COMPLETION_INDEX")
_LONGEST = 7


def path_of(folder, name):
    """Asked for each time, as the pid is: a forked child has its own, and a worker may be told its rank after its
    start.
    """
    rank, pid, host = process()
    if rank is not None:
        folder = os.path.join(folder, f"rank-{rank}")
    is_elsewhere = host is not None and os.environ.get("AUTORESEARCH_HOST")
    return os.path.join(folder, f"{name}-{pid}{'@' + host if is_elsewhere else ''}.tsv")


def process():
    """(rank, pid, host) of this process: None where it has no rank, and on the engine's host."""
    pid = os.getpid()
    rank, host = _given(pid)
    return _number(os.environ.get("RANK")) or rank, pid, host


@functools.lru_cache(maxsize=1)
def _given(pid):
    """(rank, host) of the process by what its launcher set. Looked up once in each: a variable that is not there costs
    as much as a row.
    """
    return rank_of(os.environ), _elsewhere(os.environ)


def rank_of(environ):
    """The rank that the launcher gave this process, as its digits; None where it gave none."""
    for name in _RANKS:
        if rank := _number(environ.get(name)):
            return rank
    # A step of one task, or none, is no rank: its number is 0 in any job of Slurm.
    tasks = _number(environ.get("SLURM_NTASKS"))
    if tasks is not None and int(tasks) > 1 and (rank := _number(environ.get("SLURM_PROCID"))):
        return rank
    for name in _REPLICAS:
        if rank := _number(environ.get(name)):
            return rank
    # torchx's local schedulers tell a replica its number by this path alone: <app>/<role>/<replica>/error.json.
    if environ.get("TORCHX_JOB_ID", "").startswith("local"):
        return _number(os.path.basename(os.path.dirname(environ.get("TORCHELASTIC_ERROR_FILE", ""))))
    return None


def _elsewhere(environ):
    here = os.uname().nodename
    if environ.get("AUTORESEARCH_HOST") == here:
        return None
    return "".join(letter if letter.isalnum() or letter in ".-" else "_" for letter in here)


def _number(text):
    """Without leading zeros, so that a rank has one folder."""
    if not text or len(text) > _LONGEST or not (text.isascii() and text.isdigit()):
        return None
    return str(int(text))
