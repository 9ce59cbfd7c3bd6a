"""What a day told: as JSON, and as a table on the console."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from rich.table import Table

from tests.benchmarks.day.paying import Paid, Wishes
from tests.benchmarks.gauges import KINDS
from tests.benchmarks.machine import describe

WORK = ("plan", "pay", "close")
TABLES_SHOWN = 6


def to_json(wishes: Wishes, paid: Paid) -> dict[str, Any]:
    """Everything, with the machine; seconds and bytes unless the name says otherwise."""
    course, storage = paid.course, paid.storage
    return {
        "machine": describe(),
        "events": wishes.events,
        "workers": wishes.workers,
        "provider_batch": wishes.provider_batch,
        "environment": wishes.environment,
        "phases": {name: round(seconds, 1) for name, seconds in course.phases.items()},
        "total_seconds": round(sum(course.phases.values()), 1),
        "first_claim_to_last_settlement_seconds": round(paid.seconds, 1),
        "events_per_second": round(wishes.events / paid.seconds),
        "cpu_us_per_event": cpu_us_per_event(wishes, paid),
        "wal_bytes_per_event": round(paid.wal_bytes / wishes.events),
        "disk_bytes_per_event": {
            name: {
                "heap": round(storage.heap[name] / wishes.events),
                "indexes": round(storage.indexes[name] / wishes.events),
            }
            for name in storage.largest(TABLES_SHOWN)
        },
        "disk_bytes_most": max((sample.disk_bytes for sample in course.samples), default=0),
        "memory_bytes_most": {kind: course.peak(kind) for kind in KINDS},
        "books": paid.counts,
        "course": [asdict(sample) for sample in course.samples],
    }


def cpu_us_per_event(wishes: Wishes, paid: Paid) -> dict[str, float]:
    """Of each kind of process, from planning to closed books."""
    seconds = dict.fromkeys(KINDS, 0.0)
    for name in WORK:
        before, after = paid.course.uses[name]
        for kind, used in after.cpu_since(before).items():
            seconds[kind] += used
    return {kind: round(used / wishes.events * 1e6, 1) for kind, used in seconds.items()}


def table(told: dict[str, Any]) -> Table:
    """The figures that count."""
    machine = told["machine"]
    shown = Table(title=f"{told['events']:,} events, {machine['cores']} cores, {machine['memory_gib']} GiB")
    shown.add_column("what")
    shown.add_column("figure", justify="right")
    for name, seconds in told["phases"].items():
        shown.add_row(name, f"{seconds:,.0f} s")
    shown.add_row("altogether", f"{told['total_seconds']:,.0f} s")
    shown.add_row("first claim to last settlement", f"{told['first_claim_to_last_settlement_seconds']:,.0f} s")
    shown.add_row("events paid a second", f"{told['events_per_second']:,}")
    for kind, used in told["cpu_us_per_event"].items():
        most = told["memory_bytes_most"][kind] / 2**30
        shown.add_row(kind, f"{used:.1f} µs of CPU an event, at most {most:.2f} GiB")
    shown.add_row("log", f"{told['wal_bytes_per_event']:,} bytes an event")
    for name, parts in told["disk_bytes_per_event"].items():
        shown.add_row(name, f"{parts['heap']:,} + {parts['indexes']:,} bytes an event (rows + indexes)")
    shown.add_row("disk at most", f"{told['disk_bytes_most'] / 1e9:.1f} GB")
    shown.add_row("books", ", ".join(f"{heading} {count:,}" for heading, count in told["books"].items() if count))
    return shown
