"""Workers give way: a person waits for the API, and nobody for the next second of a run."""

from __future__ import annotations

import os

from shared.log import get_logger

log = get_logger(__name__)


def give_way(nice: int) -> None:
    """Lowers this process's share of a busy CPU to that of `nice` (0 to 19, see setpriority(2)), and with it that of
    all it starts. One that is lower already stays as it is."""
    if os.getpriority(os.PRIO_PROCESS, 0) >= nice:
        return
    try:
        os.setpriority(os.PRIO_PROCESS, 0, nice)
    except OSError as error:  # a service that may not even yield, by a filter of system calls; it pays all the same
        log.warning("the worker cannot lower its priority", error=error.strerror)
