"""What is counted of the API: where pages of events came from, and how long that took."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from prometheus_client import REGISTRY, CollectorRegistry, Histogram, Metric, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from shared.db.outbox_list import State

EVENT_PAGES: Final = Histogram(
    "payday_event_page_seconds",
    "Time to find a page of events; source: hit, miss, closed, down (the cache), database (there is none).",
    ["source"],
    buckets=(0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 5),
)

REQUESTS: Final = Histogram(
    "payday_request_seconds",
    "Time to answer a request, by method, route (never the address) and status.",
    ["method", "route", "status"],
    buckets=(0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 5, 30),
)


@dataclass(slots=True)
class Source:
    """Where a page came from."""

    name: str = "database"


@contextmanager
def page_of_events() -> Iterator[Source]:
    """Times one page; whoever finds it says where."""
    source, started = Source(), time.monotonic()
    yield source
    EVENT_PAGES.labels(source.name).observe(time.monotonic() - started)


class _Outbox(Collector):
    """What the database says of notices when it is asked; the same for all processes."""

    def __init__(self, state: State) -> None:
        self._state = state

    def collect(self) -> Iterable[Metric]:
        rows = GaugeMetricFamily("payday_outbox_rows", "Rows of notices to be sent, by state.", labels=["state"])
        rows.add_metric(["waiting"], self._state.waiting)
        rows.add_metric(["dead"], self._state.dead)
        yield rows
        oldest = "Age of the oldest row of notices that waits; 0: none does."
        yield GaugeMetricFamily("payday_outbox_oldest_seconds", oldest, self._state.oldest_seconds)


def exposition(*, of_all_processes: bool, outbox: State | None) -> bytes:
    """The metrics in Prometheus' text format: of this process, or of all that share gunicorn's folder for them.

    `outbox`: of notices; None: the database does not say.
    """
    registry = CollectorRegistry()
    if of_all_processes:
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    if outbox is not None:
        registry.register(_Outbox(outbox))
    return (b"" if of_all_processes else generate_latest(REGISTRY)) + generate_latest(registry)
