"""What cutting a day into batches and telling workers of them takes of the run."""

from __future__ import annotations

from tests.benchmarks.figures import Figure, Ratio, Side
from tests.benchmarks.long_run import long_runs
from tests.benchmarks.options import Options

TARGET = 0.03


def measure(options: Options) -> Figure:
    """The dispatcher's planning and publishing on the wall, against the run from its plan to its last settlement.

    On the wall is the stricter way: while it publishes, workers, bank and PostgreSQL have the cores as well.
    """
    runs = long_runs(options)
    ticks = Side("planning and publishing", "s", tuple(sum(run.ticks_seconds) for run in runs))
    whole = Side("the run with its plan", "s", tuple(run.ticks_seconds[0] + run.seconds for run in runs))
    planning, publishing = runs[-1].ticks_seconds
    notes = [f"of the last run, planning took {planning:.2f} s and publishing {publishing:.2f} s"]
    what = f"cutting {runs[0].events:,} due events into batches and publishing them, on the wall"
    return Figure("plan", what, {"ratio": Ratio(ticks, whole, TARGET, at_most=True)}, notes)
