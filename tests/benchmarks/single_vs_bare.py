"""`single_vs_bare`: the full path with single calls against a bare loop of `requests.Session.post`."""

from __future__ import annotations

from tests.benchmarks import payday
from tests.benchmarks.bare import posts
from tests.benchmarks.figures import Figure, Ratio, Side
from tests.benchmarks.options import Options
from tests.benchmarks.rounds import alternate

PAYMENTS, IN_FLIGHT = 30_000, 8
TARGET = 1.0


def measure(options: Options) -> Figure:
    """The same bank, processes and calls in flight on both sides."""
    payments = options.sized(PAYMENTS)
    ours, other = alternate(
        lambda: payday.measure(payments, workers=options.workers, provider_batch=1, concurrency=IN_FLIGHT).per_second,
        lambda: posts.measure(payments, processes=options.workers, concurrency=IN_FLIGHT),
        rounds=options.rounds,
        console=options.console,
    )
    ratio = Ratio(
        Side("full path, single calls", "payments/s", ours),
        Side("requests.Session.post and nothing else", "payments/s", other),
        TARGET,
    )
    notes = [f"{options.workers} processes with {IN_FLIGHT} calls in flight each, on both sides"]
    return Figure("single_vs_bare", "full path with single calls ÷ bare posts", {"ratio": ratio}, notes)
