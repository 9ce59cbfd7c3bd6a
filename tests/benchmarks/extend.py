"""Extending open-ended schedules, against nothing but the INSERT of as many rows."""

from __future__ import annotations

import time
from datetime import date

from sqlalchemy import Engine, text

from shared import garbage
from shared.settings import read_settings
from tests.benchmarks.figures import Figure, Ratio, Side
from tests.benchmarks.filling import engine_for, unhurried, vacuum
from tests.benchmarks.options import Options
from tests.benchmarks.payday import DAY, new_place
from tests.benchmarks.rounds import alternate
from worker_service.extend import extend_through
from worker_service.service import Service

TARGET = 0.5
SCHEDULES = 60_000
MORE = 6
MONTHS_WRITTEN = 30
AS_OF = date.fromisoformat(DAY)
SETTINGS = {"BUSINESS_DATE": DAY, "HORIZON_CYCLES_MIN": "13", "HORIZON_CYCLES_MAX": "18"}
"""So that each is topped up by six: twelve are left of those that are due."""

# Monthly ones that began on any day of any of six months, a third of them never rolled; all are due today.
DUE = text("""
WITH one AS (
  SELECT n, make_date(2024, 9, 1 + mod(n, 28)) + make_interval(months => mod(n / 28, 6)) AS start,
    30 + CASE mod(n, 28) WHEN 0 THEN 1 ELSE 0 END - mod(n / 28, 6) AS written, mod(n, 3) = 0 AS rolls_not
  FROM generate_series(0, :schedules - 1) AS n)
INSERT INTO schedule (id, payer_id, payee_id, start_date, is_recurring, amount, currency, frequency, rule, pay_late,
  next_sequence, written_through, extend_on, calendar, calendar_version)
SELECT CAST(lpad(to_hex(n), 32, '0') AS uuid), 'payer-' || mod(n * 7919, 20000), 'payee-' || mod(n, 1000), start, true,
  100 + mod(n, 10000), 'GBP', 'monthly',
  jsonb_build_object('startDate', CAST(start AS date), 'frequency', 'monthly', 'interval', 1, 'monthEnd', 'clamp',
    'dayConvention', CASE WHEN rolls_not THEN 'none' ELSE 'following' END, 'calendar', 'GB-ENG'),
  5, written + 1, start + make_interval(months => written - 1), CAST(:day AS date),
  CASE WHEN NOT rolls_not THEN 'GB-ENG' END, CASE WHEN NOT rolls_not THEN 1 END
FROM one
""")

PLAIN = text("""
INSERT INTO event (date, id, schedule_id, payer_id, payee_id, amount, currency, reference, nominal_date, sequence,
  revision, status)
SELECT day, CAST(lpad(to_hex(n), 32, '0') AS uuid), CAST(lpad(to_hex(n / 6), 32, '0') AS uuid),
  'payer-' || mod(n / 6 * 7919, 20000), 'payee-' || mod(n / 6, 1000), 100 + mod(n / 6, 10000), 'GBP', NULL, day,
  31 + mod(n, 6), 1, 'scheduled'
FROM generate_series(0, :events - 1) AS n,
  LATERAL (SELECT CAST(make_date(2027, 3, 1 + mod(n / 6, 28)) + make_interval(months => mod(n, 6)) AS date) AS day) d
""")
TOPPED_UP = text("""
SELECT count(*) AS events, count(DISTINCT schedule_id) AS schedules,
  (SELECT count(*) FROM schedule WHERE extend_on <= :day) AS due
FROM event
""")


def measure(options: Options) -> Figure:
    """One extender against one connection that inserts the same rows."""
    schedules = options.sized(SCHEDULES)
    garbage.look_rarely()  # as a worker's processes do
    with new_place() as place, engine_for(place.database_url) as engine:
        service = Service.connect(read_settings({**SETTINGS, "DATABASE_URL": place.database_url}))
        try:
            ours, plain = alternate(
                lambda: _extended(place.database_url, engine, service, schedules),
                lambda: _inserted(engine, schedules),
                rounds=options.rounds,
                console=options.console,
            )
        finally:
            service.close()
    ratio = Ratio(Side("one extender", "events/s", ours), Side("INSERT … SELECT", "events/s", plain), TARGET)
    return Figure("extend", f"{schedules:,} open-ended schedules, each topped up by {MORE} events", {"ratio": ratio})


def _extended(url: str, engine: Engine, service: Service, schedules: int) -> float:
    _empty(engine)
    _execute(engine, DUE, schedules=schedules, day=AS_OF)
    vacuum(url, ["schedule"])
    started = time.perf_counter()
    extend_through(service, AS_OF)
    seconds = time.perf_counter() - started
    with engine.connect() as connection:
        found = connection.execute(TOPPED_UP, {"day": AS_OF}).one()
    assert found == (schedules * MORE, schedules, 0), found
    return schedules * MORE / seconds


def _inserted(engine: Engine, schedules: int) -> float:
    _empty(engine)
    started = time.perf_counter()
    _execute(engine, PLAIN, events=schedules * MORE)
    return schedules * MORE / (time.perf_counter() - started)


def _execute(engine: Engine, statement: object, **values: object) -> None:
    with engine.begin() as connection:
        unhurried(connection)
        connection.execute(statement, values)  # type: ignore[call-overload]


def _empty(engine: Engine) -> None:
    _execute(engine, text("TRUNCATE event, schedule CASCADE"))
