"""What may be late gives way to what pays, also where a low priority does not do that.

Linux divides a CPU among groups of processes first (sched(7), autogroups; cgroups), and PostgreSQL's processes for
those that pay are in others than ours: beside them the lowest priority still has its full share.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final, NamedTuple

TIMES: Final = 8.0
"""For each second that it had to wait for a CPU it leaves the CPUs alone for so many."""
LEAST_SHARE: Final = 0.03
"""Of a CPU, that it takes in any case: on a machine that is always busy it is late, but comes to its end."""
LONGEST_SECONDS: Final = 1.0
"""Of a rest: whoever asks the process to end waits for it."""
SCHEDSTAT: Final = Path("/proc/thread-self/schedstat")


class Cpu(NamedTuple):
    """Seconds that this thread has run, and that it was ready to run and waited for a CPU."""

    used: float
    waited: float


def this_thread() -> Cpu:
    """Since it began. Nothing where the system does not tell: there it waits for nobody."""
    try:
        used, waited, _ = SCHEDSTAT.read_text().split()
    except OSError:
        return Cpu(0.0, 0.0)
    return Cpu(int(used) / 1e9, int(waited) / 1e9)


class Courtesy:
    """How long one thread is to rest between two pieces of its work."""

    def __init__(self, cpu: Callable[[], Cpu] = this_thread) -> None:
        self._cpu = cpu
        self.begin()

    def begin(self) -> None:
        """What was before does not count: hours of looking for work would be answered by minutes of rest."""
        self._before = self._cpu()

    def rest_seconds(self) -> float:
        """For the piece that is over; 0 where nobody else wanted the CPU meanwhile. Begins the next."""
        before = self._before
        self.begin()
        used, waited = self._before.used - before.used, self._before.waited - before.waited
        return min(TIMES * waited, max(0.0, used / LEAST_SHARE - used - waited), LONGEST_SECONDS)
