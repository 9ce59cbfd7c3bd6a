"""A long run stays as fast as it begins, and its workers as small."""

from __future__ import annotations

from tests.benchmarks.figures import Figure, Ratio, Side
from tests.benchmarks.long_run import FIRST_EVENTS, long_runs
from tests.benchmarks.options import Options

SPEED, MEMORY = 0.85, 1.1


def measure(options: Options) -> Figure:
    """The last tenth against the first, and the workers' most memory against that after the first events."""
    runs = long_runs(options)
    last = Side("last tenth", "events/s", tuple(run.last_tenth for run in runs))
    first = Side("first tenth", "events/s", tuple(run.first_tenth for run in runs))
    most = Side("workers' peak", "MiB", tuple(run.most_memory / 2**20 for run in runs))
    early = Side(f"after {FIRST_EVENTS:,} events", "MiB", tuple(run.first_memory / 2**20 for run in runs))
    ratios = {"speed": Ratio(last, first, SPEED), "memory": Ratio(most, early, MEMORY, at_most=True)}
    return Figure("flat", f"a run of {runs[0].events:,} events, from beginning to end", ratios)
