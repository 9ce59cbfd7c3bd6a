"""Whether this worker was asked to end: known to its pool's children, so that they give back what they can (C5)."""

from __future__ import annotations

import ctypes
from multiprocessing.sharedctypes import RawValue

# Shared memory made before the pool forks. Without a lock, because it is set in a signal's handling.
_asked = RawValue(ctypes.c_bool, False)


def ask() -> None:
    """From now on no call begins; what was claimed and not sent goes back."""
    _asked.value = True


def is_asked() -> bool:
    return bool(_asked.value)
