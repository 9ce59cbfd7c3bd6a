"""How rarely a process looks for garbage in cycles: a payment and a request make none, and a batch is thousands of live
objects."""

from __future__ import annotations

import gc
from typing import Final

THRESHOLDS: Final = (100_000, 10, 20)
"""Objects more than before until the youngest are looked through, and how often until the older ones are."""


def look_rarely() -> None:
    """For a process that has loaded all it needs: what is there now is never looked through again.

    With Python's own thresholds, of 700 objects, a batch is looked through again and again while it grows, and all
    modules with it: a fifth of what paying it costs a worker, and a twentieth of an answer of the API.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*THRESHOLDS)
