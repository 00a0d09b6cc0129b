"""The real names that a wrong one was probably meant to be."""

import difflib
import re

MOST = 3
# What other libraries call a thing of SPDL's; a name that is here is often meant by one who knows those.
OTHER_WORDS = {
    "batch": ["aggregate"],
    "batched": ["aggregate"],
    "collate_fn": ["aggregate"],
    "context": ["mp_context"],
    "filter": ["pipe"],
    "iter": ["get_iterator"],
    "map": ["pipe"],
    "max_workers": ["concurrency", "num_threads", "max_workers"],
    "num_workers": ["concurrency", "num_threads", "num_workers"],
    "ordered": ["output_order"],
    "parallelism": ["concurrency"],
    "prefetch": ["buffer_size", "add_sink"],
    "prefetch_factor": ["buffer_size"],
    "queue_size": ["buffer_size"],
    "repeat": ["continuous", "repeat_source"],
    "shared_memory": ["arena"],
    "threads": ["num_threads"],
    "unbatch": ["disaggregate"],
    "workers": ["concurrency", "num_threads"],
}


def nearest(name, choices, elsewhere=()):
    """Up to three of `choices`, best first; `elsewhere` are dotted names whose last part may be the very name."""
    exact = sorted(dotted for dotted in elsewhere if dotted.rpartition(".")[2] == name)
    words = [word for word in OTHER_WORDS.get(name, []) if word in choices]
    scored = sorted(((-score(name, each), each) for each in set(choices)))
    close = [each for value, each in scored if -value >= 0.45]
    far = [each for value, each in sorted((-score(name, dotted.rpartition(".")[2]), dotted) for dotted in elsewhere)
           if -value >= 0.75]  # fmt: skip
    found = []
    for each in exact[:2] + words + close[:MOST] + far:
        if each not in found:
            found.append(each)
    return found[:MOST]


def is_slip(name, choices):
    """Whether it is a real name but for a letter or two."""
    return bool(difflib.get_close_matches(name, list(choices), n=1, cutoff=0.8))


def is_near(name, choices):
    return any(score(name, each) >= 0.6 for each in choices)


def score(one, other):
    """By letters, and by the words that both have."""
    letters = difflib.SequenceMatcher(None, one.lower(), other.lower()).ratio()
    first, second = words_of(one), words_of(other)
    shared = len(first & second) / max(1, min(len(first), len(second)))
    both = 2 * len(first & second) / max(1, len(first) + len(second))
    return max(letters, 0.5 * shared + 0.5 * both)


def words_of(name):
    parts = re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+", name)
    return {part.lower().rstrip("s") for part in parts}
