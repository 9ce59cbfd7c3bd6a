"""Fills a database with schedules and their events by the million, as quickly as PostgreSQL takes them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, text
from sqlalchemy.orm import Session

from shared.db import partitions
from shared.settings_values import database_url

CHUNK = 250_000
CONNECTIONS = 2
EVENTS_A_PAYER = 3

# Payers are scattered over the ids, as on a real day: an index by payer is met in random order.
PAYER = "'payer-' || mod(n * 7919, :payers)"
ID = "CAST(lpad(to_hex(n), 32, '0') AS uuid)"
ONCE = '{"startDate": "%s", "frequency": "once", "interval": 1, "monthEnd": "clamp", "dayConvention": "none",'
RULE = ONCE + ' "calendar": "GB-ENG"}'

SCHEDULES = text(f"""
INSERT INTO schedule (id, payer_id, payee_id, start_date, is_recurring, amount, currency, frequency, rule, pay_late,
  next_sequence, written_through)
SELECT {ID}, {PAYER}, 'payee-' || mod(n, 1000), CAST(:day AS date), false, 100 + mod(n, 10000), 'GBP', 'once',
  CAST(:rule AS jsonb), 5, 2, CAST(:day AS date)
FROM generate_series(CAST(:first AS bigint), CAST(:last AS bigint)) AS n
""")
EVENTS = f"""
INSERT INTO {{table}} (date, id, schedule_id, payer_id, payee_id, amount, currency, nominal_date, sequence, revision)
SELECT CAST(:day AS date), {ID}, {ID}, {PAYER}, 'payee-' || mod(n, 1000), 100 + mod(n, 10000), 'GBP',
  CAST(:day AS date), 1, 1
FROM generate_series(CAST(:first AS bigint), CAST(:last AS bigint)) AS n
"""

INDEXES = text("""
SELECT c.relname AS name, pg_get_indexdef(i.indexrelid) AS definition, i.indisprimary AS is_key
FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid WHERE i.indrelid = CAST(:table AS regclass)
""")


@dataclass(frozen=True)
class Day:
    """So many events, each of a schedule of its own, numbered from `first`; three a payer."""

    date: date
    events: int
    first: int = 1

    def chunks(self) -> Iterator[dict[str, Any]]:
        """The parameters of each chunk's statements."""
        payers, stop = max(1, self.events // EVENTS_A_PAYER), self.first + self.events
        for first in range(self.first, stop, CHUNK):
            last = min(first + CHUNK, stop) - 1
            yield {"day": self.date, "rule": RULE % self.date, "payers": payers, "first": first, "last": last}


def fill_day(
    url: str, day: Day, on_progress: Callable[[int], None] = lambda _: None, *, month_is_empty: bool = True
) -> None:
    """Writes a day's schedules and events, into an empty month before its indexes.

    `on_progress` is told how many rows each step wrote: two an event.
    """
    with engine_for(url) as engine, ExitStack() as stack:
        with Session(engine) as session, session.begin():
            partitions.make_ahead(session, day.date)
        table = "event"
        if month_is_empty:
            table = stack.enter_context(apart(engine, day.date))
            stack.enter_context(without_indexes(engine, "schedule", but_key=True))
        pour(engine, [(SCHEDULES, values) for values in day.chunks()], on_progress)
        pour(engine, [(text(EVENTS.format(table=table)), values) for values in day.chunks()], on_progress)


def vacuum(url: str, tables: Sequence[str] = ("event", "schedule")) -> None:
    """VACUUM ANALYZE, as autovacuum would have done it by the morning of the day."""
    with engine_for(url) as engine, engine.connect() as connection:
        alone = connection.execution_options(isolation_level="AUTOCOMMIT")
        unhurried(alone)
        alone.execute(text(f"VACUUM (ANALYZE) {', '.join(tables)}"))


def checkpoint(superuser_url: str) -> None:
    """What was written is on the disk, as what is months old has long been. Raises where that role may not."""
    with engine_for(superuser_url) as engine, engine.connect() as connection:
        alone = connection.execution_options(isolation_level="AUTOCOMMIT")
        unhurried(alone)
        alone.execute(text("CHECKPOINT"))


@contextmanager
def engine_for(url: str) -> Iterator[Engine]:
    """Connections for filling; closed at the end."""
    engine = create_engine(database_url(url), pool_size=CONNECTIONS)
    try:
        yield engine
    finally:
        engine.dispose()


@contextmanager
def apart(engine: Engine, day: date) -> Iterator[str]:
    """The month's empty partition of `event` as a table of its own without indexes; it comes back with them."""
    first = day.replace(day=1)
    after = (first + timedelta(days=32)).replace(day=1)
    name = f"event_{first:%Y_%m}"
    with engine.begin() as connection:
        connection.execute(text(f"ALTER TABLE event DETACH PARTITION {name}"))
        # Known to hold, so that attaching it again need not read every row.
        within = f"CHECK (date >= '{first}' AND date < '{after}')"
        connection.execute(text(f"ALTER TABLE {name} ADD CONSTRAINT of_its_month {within}"))
    with without_indexes(engine, name):
        yield name
    with engine.begin() as connection:
        values = f"FOR VALUES FROM ('{first}') TO ('{after}')"
        connection.execute(text(f"ALTER TABLE event ATTACH PARTITION {name} {values}"))
        connection.execute(text(f"ALTER TABLE {name} DROP CONSTRAINT of_its_month"))


@contextmanager
def without_indexes(engine: Engine, table: str, *, but_key: bool = False) -> Iterator[None]:
    """Drops the indexes of a table and makes them again at the end: sorted at once they take a third of the time."""
    with engine.begin() as connection:
        found = [row for row in connection.execute(INDEXES, {"table": table}) if not (but_key and row.is_key)]
        for row in found:
            drop = f"ALTER TABLE {table} DROP CONSTRAINT {row.name}" if row.is_key else f"DROP INDEX {row.name}"
            connection.execute(text(drop))
    yield
    for row in found:
        with engine.begin() as connection:
            unhurried(connection)
            connection.execute(text(row.definition))
            if row.is_key:
                connection.execute(text(f"ALTER TABLE {table} ADD PRIMARY KEY USING INDEX {row.name}"))


def pour(
    engine: Engine,
    statements: Sequence[tuple[Any, dict[str, Any]]],
    on_progress: Callable[[int], None] = lambda _: None,
) -> None:
    """Executes each statement in a transaction of its own, two at a time; `on_progress` is told of rows."""

    def execute(statement: Any, values: dict[str, Any]) -> int:
        with engine.begin() as connection:
            unhurried(connection)
            return connection.execute(statement, values).rowcount

    with ThreadPoolExecutor(CONNECTIONS) as pool:
        try:
            for done in as_completed([pool.submit(execute, *each) for each in statements]):
                on_progress(done.result())
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


def unhurried(connection: Connection) -> None:
    """The role's time-outs are for payments; sorting may use memory and both cores."""
    for setting in ("statement_timeout = 0", "lock_timeout = 0", "maintenance_work_mem = '1GB'"):
        connection.execute(text(f"SET {setting}"))
