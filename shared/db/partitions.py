"""Monthly partitions of `event` and `transaction`, made ahead of need.

A default partition takes what lies beyond them, so that no far date is ever refused; a month that is made later
takes its rows out of the default.
"""

from __future__ import annotations

from datetime import date

from sqlalchemy import text
from sqlalchemy.orm import Session

PARTITIONED = ("event", "transaction")
MONTHS_BEHIND = 2
MONTHS_AHEAD = 20
"""Two more than the 18 cycles of a monthly schedule."""

STORAGE = {
    # A page has room for each of its events twice more, as claimed and as paid, so that both stay heap-only; at 60 %
    # they do not, and cost a third more of PostgreSQL's time and log. The vacuum follows them through the day.
    "event": "fillfactor = 42, autovacuum_vacuum_scale_factor = 0.1, autovacuum_analyze_scale_factor = 0.1",
    "transaction": "fillfactor = 100",
}


def make_ahead(session: Session, today: date) -> list[str]:
    """Makes the partitions that are missing from two months ago to `MONTHS_AHEAD`; answers their names."""
    first = _month_index(today) - MONTHS_BEHIND
    return [
        _name(table, index)
        for index in range(first, first + MONTHS_BEHIND + MONTHS_AHEAD + 1)
        for table in PARTITIONED
        if _make_month(session, table, index)
    ]


def missing(session: Session, today: date) -> list[str]:
    """The partitions of this month and the next that do not exist."""
    present = _month_index(today)
    wanted = [_name(table, index) for table in PARTITIONED for index in (present, present + 1)]
    return [name for name in wanted if not _exists(session, name)]


def _make_month(session: Session, table: str, index: int) -> bool:
    name = _name(table, index)
    if _exists(session, name):
        return False
    low, high = _first_day(index), _first_day(index + 1)
    default = f"{table}_default"
    # Attaching reads the whole default under its lock: as long as it takes, but nobody queues behind a lock we lack.
    session.execute(text("SET LOCAL statement_timeout = '15min'"))
    session.execute(text("SET LOCAL lock_timeout = '3s'"))
    session.execute(text(f'LOCK TABLE "{default}" IN ACCESS EXCLUSIVE MODE'))
    if _exists(session, name):  # another process made it while this one waited for the lock
        return False
    session.execute(text(f"CREATE TABLE {name} (LIKE {table} INCLUDING ALL) WITH ({STORAGE[table]})"))
    session.execute(
        text(
            f"WITH moved AS (DELETE FROM {default} WHERE date >= :low AND date < :high RETURNING *)"
            f" INSERT INTO {name} SELECT * FROM moved"
        ),
        {"low": low, "high": high},
    )
    session.execute(text(f"ALTER TABLE {table} ATTACH PARTITION {name} FOR VALUES FROM ('{low}') TO ('{high}')"))
    return True


def _exists(session: Session, name: str) -> bool:
    return bool(session.scalar(text("SELECT to_regclass(:name) IS NOT NULL"), {"name": name}))


def _name(table: str, index: int) -> str:
    return f"{table}_{_first_day(index):%Y_%m}"


def _month_index(day: date) -> int:
    return day.year * 12 + day.month - 1


def _first_day(index: int) -> date:
    return date(index // 12, index % 12 + 1, 1)
