"""POST of an open-ended monthly schedule ÷ a bare Flask view that inserts the same rows."""

from __future__ import annotations

from functools import partial

from tests.benchmarks.desk import bare_api, desk, payday_api, post
from tests.benchmarks.figures import Figure, Ratio, Side
from tests.benchmarks.load import Load, apply
from tests.benchmarks.options import Options
from tests.benchmarks.rounds import alternate

TARGET = 0.5
SECONDS = 10.0
CONNECTIONS = 16


def measure(options: Options) -> Figure:
    """Schedules a second, each with 18 events, its revision, its audit row and its idempotency key."""
    with desk() as servers, payday_api(servers.folder, servers.environment) as ours, bare_api(servers) as bare:
        payday, other = alternate(
            partial(_rate, options, ours, "/v1/schedules"),
            partial(_rate, options, bare, "/schedules"),
            rounds=options.rounds,
            console=options.console,
        )
    ratio = Ratio(
        Side("Payday's API", "POST/s", payday),
        Side("bare Flask, joserfc and psycopg2", "POST/s", other),
        TARGET,
    )
    return Figure(
        "post_schedule", "POST of a monthly schedule ÷ a bare view that inserts the same rows", {"ratio": ratio}
    )


def _rate(options: Options, port: int, path: str) -> float:
    load = Load(port, post(path), max(2.0, SECONDS * options.scale), CONNECTIONS)
    return apply(load).per_second
