"""A full disk is waited for: what is known of a job must not be lost for want of a few bytes."""

import errno
import time

_FULL = (errno.ENOSPC, errno.EDQUOT)
# Somebody who makes room does not wait longer than this.
_AGAIN_S = 1.0


def when_there_is_room(act):
    """What act() answers, tried again for as long as the disk is full. It may be called any number of times."""
    while True:
        try:
            return act()
        except OSError as error:
            if error.errno not in _FULL:
                raise
            time.sleep(_AGAIN_S)


def if_there_is_room(act):
    """For what must not wait: it is left out where the disk is full."""
    try:
        act()
    except OSError as error:
        if error.errno not in _FULL:
            raise
