"""A day paid with twenty million events stored, against the same day with nothing else stored."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from datetime import date, timedelta

from sqlalchemy import text
from sqlalchemy.orm import Session

from shared.db import partitions
from tests.benchmarks.day.tuning import settings
from tests.benchmarks.figures import Figure, Ratio, Side
from tests.benchmarks.filling import Day, apart, checkpoint, engine_for, fill_day, pour, vacuum
from tests.benchmarks.options import Options
from tests.benchmarks.payday import DAY, Place, new_place, pay, town_at
from tests.benchmarks.rounds import alternate

TARGET = 0.9
STORED, PAID = 20_000_000, 200_000
MONTHS = 18
PROVIDER_BATCH = 250
EVENT_BYTES = 700
FIRST = date.fromisoformat(DAY)
WARM_UP = 1

# Monthly schedules of many payers, a payment of each in every month and on any day of it but the first week; what lies
# before the first day that is paid has been paid.
MONTH = """
INSERT INTO {table} (date, id, schedule_id, payer_id, payee_id, amount, currency, nominal_date, sequence, revision,
  status, transaction_id)
SELECT day, id, CAST('e' || lpad(to_hex(n), 31, '0') AS uuid), 'payer-' || mod(n * 7919, :payers),
  'payee-' || mod(n, 1000), 100 + mod(n, 10000), 'GBP', day, :month, 1,
  CASE WHEN :is_past THEN 'paid' ELSE 'scheduled' END, CASE WHEN :is_past THEN id END
FROM generate_series(CAST(:first AS bigint), CAST(:last AS bigint)) AS n,
  LATERAL (SELECT CAST(:begin AS date) + CAST(7 + mod(n, 21) AS int) AS day) AS dated,
  LATERAL (SELECT CAST('e' || lpad(to_hex(n * 32 + :month), 31, '0') AS uuid) AS id) AS named
"""
CLOSED = text("INSERT INTO run (date, status, opened_at, closed_at) VALUES (:day, 'closed', now(), now())")
CHUNK = 250_000


def measure(options: Options) -> Figure:
    """Each round pays the next day of the full database, and the first of a new one."""
    stored, paid = options.sized(STORED), options.sized(PAID)
    what = f"{paid:,} events paid with {stored:,} stored over {MONTHS} months, against alone"
    with new_place(settings=settings()) as place:
        needed, free = stored * EVENT_BYTES, shutil.disk_usage(place.folder).free
        if free < needed:
            return Figure("growth", what, {}, [f"needs {needed / 1e9:.0f} GB of disk, {free / 1e9:.0f} GB are free"])
        options.say(f"storing {stored:,} events")
        _store(place, stored)
        days = _days(paid, options.rounds + WARM_UP)
        _write(place, days)
        coming = iter(days)
        full, alone = alternate(
            lambda: _paid(place, next(coming), options.workers),
            lambda: _alone(days[0], options.workers),
            rounds=options.rounds,
            console=options.console,
        )
    ratio = Ratio(Side(f"{stored:,} stored", "events/s", full), Side("alone", "events/s", alone), TARGET)
    return Figure("growth", what, {"ratio": ratio})


def _days(events: int, number: int) -> list[Day]:
    return [Day(FIRST + timedelta(days=index), events, first=1 + index * events) for index in range(number)]


def _alone(day: Day, workers: int) -> float:
    with new_place(settings=settings()) as place:
        _write(place, [day])
        return _paid(place, day, workers)


def _write(place: Place, days: Sequence[Day]) -> None:
    """All of them before any is paid, as schedules are extended long before: written after a day that was paid and
    vacuumed, a day would lie scattered in the room that it left."""
    for day in days:
        fill_day(place.database_url, day, month_is_empty=False)
    vacuum(place.database_url, [*{f"event_{day.date:%Y_%m}" for day in days}, "schedule"])
    checkpoint(place.superuser_url)


def _paid(place: Place, day: Day, workers: int) -> float:
    """Events a second of that day."""
    with town_at(place, provider_batch=PROVIDER_BATCH, BUSINESS_DATE=str(day.date)) as town:
        return pay(town, day.events, workers=workers).per_second


def _store(place: Place, events: int) -> None:
    """Fills the eight months before the first day's, that one, and those after it."""
    each = events // MONTHS
    with engine_for(place.database_url) as engine:
        with Session(engine) as session, session.begin():
            partitions.make_ahead(session, _month(-6))
        for number in range(MONTHS):
            begin = _month(number - 8)
            values = {"month": number, "begin": begin, "payers": max(1, each // 3), "is_past": begin < _month(0)}
            parts = [{"first": first, "last": min(first + CHUNK, each) - 1} for first in range(0, each, CHUNK)]
            with apart(engine, begin) as table:
                pour(engine, [(text(MONTH.format(table=table)), values | part) for part in parts])
        with engine.begin() as connection:
            connection.execute(CLOSED, {"day": FIRST - timedelta(days=1)})
    vacuum(place.database_url)


def _month(offset: int) -> date:
    index = FIRST.year * 12 + FIRST.month - 1 + offset
    return date(index // 12, index % 12 + 1, 1)
