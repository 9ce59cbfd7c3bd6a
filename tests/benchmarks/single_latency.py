"""`single_latency`: how much of the calls that may be in flight are, with a bank that takes its time."""

from __future__ import annotations

from tests.benchmarks import payday
from tests.benchmarks.figures import Figure, Ratio, Side
from tests.benchmarks.options import Options
from tests.benchmarks.rounds import alternate

PAYMENTS, IN_FLIGHT, LATENCY_SECONDS, BATCH = 24_000, 200, 0.1, 4000
"""Payments a worker: whole batches, so that all end together."""
TARGET = 0.9


def measure(options: Options) -> Figure:
    """The other side is arithmetic: so many calls in flight all the time, each as long as the bank takes."""
    payments = options.workers * options.sized(PAYMENTS)
    each = -(-IN_FLIGHT // options.workers)
    in_flight = each * options.workers
    most = in_flight / LATENCY_SECONDS

    def paid() -> float:
        rate = payday.measure(
            payments,
            workers=options.workers,
            provider_batch=1,
            concurrency=each,
            BATCH_SIZE=str(BATCH),  # each lane finds forty calls in it, so that its end is little of it
            bank=("--latency-ms", str(LATENCY_SECONDS * 1000)),
        )
        return rate.per_second

    ours, other = alternate(paid, lambda: most, rounds=options.rounds, warm_up=False, console=options.console)
    ratio = Ratio(
        Side(f"full path, single calls, {each} in flight in each of {options.workers} workers", "payments/s", ours),
        Side(f"{in_flight} calls in flight ÷ {LATENCY_SECONDS} s", "payments/s", other),
        TARGET,
    )
    return Figure("single_latency", "payments/s ÷ (calls in flight ÷ the bank's time)", {"ratio": ratio})
