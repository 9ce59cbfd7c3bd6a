"""`batch_vs_db`: the full path with provider batches against its claim and settle statements alone."""

from __future__ import annotations

from tests.benchmarks import payday
from tests.benchmarks.bare import statements
from tests.benchmarks.figures import Figure, Ratio, Side
from tests.benchmarks.options import Options
from tests.benchmarks.rounds import alternate

EVENTS, PROVIDER_BATCH, IN_FLIGHT = 400_000, 250, 8
TARGET = 0.5


def measure(options: Options) -> Figure:
    """The bank and the clients share the cores with the database on our side only."""
    events, size = options.sized(EVENTS), payday.batch_size(PROVIDER_BATCH, IN_FLIGHT)
    ours, other = alternate(
        lambda: payday.measure(events, workers=options.workers, provider_batch=PROVIDER_BATCH).per_second,
        lambda: statements.measure(events, processes=options.workers, batch_size=size),
        rounds=options.rounds,
        console=options.console,
    )
    ratio = Ratio(
        Side(f"full path, provider batches of {PROVIDER_BATCH}", "events/s", ours),
        Side(f"claim and settle in {options.workers} bare loops", "events/s", other),
        TARGET,
    )
    return Figure("batch_vs_db", "full path through Celery and HTTP ÷ its statements alone", {"ratio": ratio})
