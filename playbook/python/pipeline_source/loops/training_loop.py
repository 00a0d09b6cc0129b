"""The one loop that is timed, of those that were found; or why there is none."""

from __future__ import annotations

from dataclasses import dataclass, field

from .loop import Loop
from .loop_choice import LoopChoice

# A loop that was followed and scores less gives way to one that is named like a training loop.
_DOUBTFUL = -3
_CLEARLY_BETTER = 4


@dataclass
class TrainingLoop:
    """`why_none` is said to whoever wants to time it; `problems` belong to the survey."""

    loop: Loop | None = None
    why_none: str = "no loop over the output of an SPDL pipeline was found in the script and what it imports"
    problems: list[str] = field(default_factory=list)


def training_loop(found: list[Loop], choice: LoopChoice) -> TrainingLoop:
    """`found` has the likeliest first."""
    answer = TrainingLoop()
    candidates = [loop for loop in found if choice.runs(loop)]
    if found and not candidates:
        answer.why_none = (
            f"the script runs no loop over a pipeline: the one at {_place(found[0])} is in code that it does not call"
        )
    best = candidates[0] if candidates else None
    named = choice.by_name() if best is None or best.score < _DOUBTFUL else None
    if named is not None and not choice.runs(named):
        named = None
    if named is not None and best is not None:
        is_better = named.node is not best.node and named.score > best.score + _CLEARLY_BETTER
        named = named if is_better else None
    loop = named or best
    against = _why_not_timed(loop, choice) if loop is not None else answer.why_none
    if against is not None:
        answer.why_none = against
        answer.problems.append(against)
        return answer
    if loop is named:
        answer.problems.append(
            f"the training loop at {_place(loop)} was chosen by its name; its pipeline could not be followed"
        )
    answer.loop = loop
    return answer


def _why_not_timed(loop: Loop, choice: LoopChoice) -> str | None:
    """An evaluation loop is never timed while there is training that could not be followed; nor one that takes more
    than its own steps from the pipeline.
    """
    inside = choice.taken_inside(loop)
    if inside is not None:
        return (
            f"the loop at {_place(loop)} takes further batches in its body (line {inside.lineno}): they are no steps of it, "
            "and a rate of its steps would be wrong"
        )
    if not choice.is_evaluation(loop) or not choice.trains_elsewhere(loop):
        return None
    return (
        f"only an evaluation loop could be followed ({_place(loop)}), and the script trains as well: the training loop was "
        "not found"
    )


def _place(loop: Loop) -> str:
    return f"{loop.at.module.path}:{loop.node.lineno}"
