"""What is counted of the API: where pages of events came from, and how long that took."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from prometheus_client import CollectorRegistry, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

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


def exposition(*, of_all_processes: bool) -> bytes:
    """The metrics in Prometheus' text format: of this process, or of all that share gunicorn's folder for them."""
    if not of_all_processes:
        return generate_latest()
    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return generate_latest(registry)
