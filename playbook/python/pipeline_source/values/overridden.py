"""What was seen to be replaced by something else: a number that stands there tunes nothing."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class Overridden:
    # Flags and literals by identity, places of configuration files by (path, pointer); see layers.shadow.
    homes: set
    # (identity of the class's node, field): constructor calls give them, so their defaults have no effect there.
    fields: set[tuple[int, str]]
