"""Lets a job see what others make in the folders of its view, while it runs: a file that says that data is ready, a
queue.

An overlay remembers that a name was not there, and what it led to, and does not look again (the kernel's documentation: changes of
the lower folder are not expected). Mounting it again with nothing changed makes it forget names that nobody uses. That
is done when a folder there was changed, and at times in any case, because only the upper folders are looked at.
"""

import os
import time

import shelter

_DEPTH = 2
_FOLDERS_LOOKED_AT = 200
_ENTRIES_LISTED = 2000
# Forgetting costs a job some microseconds for each file that it opens again.
_IN_ANY_CASE_EVERY_S = 30.0


class OutsideChanges:
    def __init__(self, wanted, sheltered, bare):
        """`wanted`: the job's shelter, or None; of its places, `bare` ones are no overlays."""
        is_view = wanted is not None and sheltered != shelter.NONE
        self._places = [path for path, _ in shelter.places(wanted) if path not in bare] if is_view else []
        # Of what was made before the first look, when the job may have looked already, nothing is known.
        self._seen = {place: {place: None} for place in self._places}
        self._forgot_at = time.monotonic()

    def look(self, pid):
        """`pid`: a process of the job. Costs a few calls of stat for each place."""
        changed = [place for place in self._places if self._has_changed(place)]
        if not changed and time.monotonic() - self._forgot_at < _IN_ANY_CASE_EVERY_S:
            return
        self._forgot_at = time.monotonic()
        if self._places:
            shelter.forget_names(changed or self._places, pid)

    def _has_changed(self, place):
        before = self._seen[place]
        if all(_time_of(folder) == at for folder, at in before.items()):
            return False
        self._seen[place] = _changed_at(place)
        return True


def _changed_at(place):
    """The upper folders of a place, with the time at which a name in them was last made or removed."""
    found, level, listed = {place: _time_of(place)}, [place], 0
    for _ in range(_DEPTH):
        below = []
        for folder in level:
            try:
                with os.scandir(folder) as entries:
                    for entry in entries:
                        listed += 1
                        if len(found) >= _FOLDERS_LOOKED_AT or listed > _ENTRIES_LISTED:
                            return found
                        if entry.is_dir(follow_symlinks=False):
                            found[entry.path] = _time_of(entry.path)
                            below.append(entry.path)
            except OSError:
                continue
        level = below
    return found


def _time_of(folder):
    try:
        return os.stat(folder).st_mtime_ns
    except OSError:
        return None
