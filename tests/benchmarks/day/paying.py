"""Runs the day: fill, plan, pay, close, and see that the books agree with the bank."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from rich.console import Console

from tests.benchmarks.day import books, room, tuning
from tests.benchmarks.day.course import Course
from tests.benchmarks.filling import Day, fill_day, vacuum
from tests.benchmarks.payday import DAY, NOTHING_LEFT, new_place, town_at, until
from tests.benchmarks.storage import Storage, wal_position
from tests.town import Town

PATIENCE_SECONDS = 7200.0
OPENED = "SELECT opened_at AS at FROM run WHERE date = :day"
CLOSED = "SELECT closed_at AS at FROM run WHERE date = :day"
PAID = """
SELECT min(created_at) FILTER (WHERE heading = 'in_flight') AS first, max(created_at) FILTER (WHERE heading = 'paid')
  AS last FROM booking WHERE run_date = :day
"""


@dataclass(frozen=True)
class Wishes:
    """What was asked for on the command line; `environment` is the workers'."""

    events: int
    workers: int
    provider_batch: int
    concurrency: int
    folder: Path | None
    environment: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Paid:
    """A day that was paid. `seconds` from the first claim to the last settlement; `wal_bytes` from plan to close."""

    course: Course
    seconds: float
    wal_bytes: int
    storage: Storage
    counts: dict[str, int]


def run_day(wishes: Wishes, console: Console) -> Paid:
    """Pays a day of so many events on new servers, which are gone afterwards.

    Raises NoRoom, and AssertionError where the books, the transactions and the bank's journal do not agree.
    """
    day = Day(date.fromisoformat(DAY), wishes.events)
    with (
        new_place(within=wishes.folder, settings=tuning.settings()) as place,
        town_at(
            place, provider_batch=wishes.provider_batch, concurrency=wishes.concurrency, **wishes.environment
        ) as town,
    ):
        found = room.look(town, day)
        found.check(day.events)
        console.print(f"{found.needed_bytes(day.events) / 1e9:.0f} GB on disk are needed at most", highlight=False)
        with Course(town, DAY, day.events, console) as course:
            _fill(course, place.database_url, day)
            before = wal_position(town)
            _pay(course, town, wishes.workers)
            with course.phase("close"):
                books.begin_close(place.database_url, day.date)
                until(town, CLOSED, patience_seconds=PATIENCE_SECONDS)
            wal_bytes = wal_position(town) - before
            with course.phase("check"):
                counts = books.check(town, day.date, day.events)
        (row,) = town.rows(PAID, day=DAY)
        return Paid(course, (row.last - row.first).total_seconds(), wal_bytes, Storage.of(town), counts)


def _fill(course: Course, url: str, day: Day) -> None:
    with course.phase("fill"):
        fill_day(url, day, course.filled)
    with course.phase("vacuum"):
        vacuum(url)


def _pay(course: Course, town: Town, workers: int) -> None:
    with course.phase("start"):
        for _ in range(workers):
            town.worker()
        town.beat()
    with course.phase("plan"):
        until(town, OPENED, patience_seconds=PATIENCE_SECONDS)
    with course.phase("pay"):
        until(town, NOTHING_LEFT, patience_seconds=PATIENCE_SECONDS)
