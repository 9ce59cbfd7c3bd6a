"""GET of 50 events, from the cache and past it ÷ bare Flask views that answer as much."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from tests.benchmarks.desk import bare_api, desk, fetch, get, payday_api, post
from tests.benchmarks.figures import Figure, Ratio, Side
from tests.benchmarks.load import DAY, Load, apply
from tests.benchmarks.options import Options
from tests.benchmarks.rounds import alternate

CACHED_TARGET, UNCACHED_TARGET = 0.6, 0.5
SECONDS = 10.0
FILL_SECONDS = 3.0
CONNECTIONS = 16
PAGE = "/v1/events?limit=50"
MISSED = f"/v1/events?limit=50&to={DAY}"
"""Another page each time, so that the cache is asked, has nothing and is filled."""


def measure(options: Options) -> Figure:
    """Pages a second, of payers that have more events than a page holds."""
    with desk() as servers, payday_api(servers.folder, servers.environment) as ours:
        apply(Load(ours, post("/v1/schedules"), FILL_SECONDS, CONNECTIONS))
        with bare_api(servers, fetch(ours, PAGE)) as bare:
            cached = _ratio(options, "the same bytes", (ours, PAGE), (bare, "/page"), CACHED_TARGET)
            uncached = _ratio(
                options, "one SELECT and jsonify", (ours, MISSED), (bare, f"/events?to={DAY}"), UNCACHED_TARGET
            )
    what = "GET of 50 events, from the cache and past it ÷ bare Flask that verifies the token"
    return Figure("get_events", what, {"cached": cached, "uncached": uncached})


def _ratio(options: Options, name: str, ours: tuple[int, str], bare: tuple[int, str], target: float) -> Ratio:
    payday, other = alternate(
        partial(_rate, options, ours[0], get(ours[1])),
        partial(_rate, options, bare[0], get(bare[1])),
        rounds=options.rounds,
        console=options.console,
    )
    return Ratio(Side("Payday's API", "GET/s", payday), Side(f"bare Flask, {name}", "GET/s", other), target)


def _rate(options: Options, port: int, requests: Sequence[str]) -> float:
    return apply(Load(port, requests, max(2.0, SECONDS * options.scale), CONNECTIONS)).per_second
