"""The rate that all workers keep together: each call to the provider has an instant of its own, reserved here."""

from __future__ import annotations

from typing import Final, NamedTuple

from sqlalchemy import text

from shared.db.engine import Session

AHEAD_SECONDS: Final = 1.0
"""Nobody reserves further ahead than this: what a worker reserved and does not use is lost to all."""

RESERVE = text("""
WITH now AS MATERIALIZED (SELECT clock_timestamp() AS at),
slots AS (
  SELECT now.at, greatest(provider.next_call_at, now.at) AS first_at FROM provider, now WHERE name = :name),
reserved AS (
  UPDATE provider SET next_call_at = slots.first_at + make_interval(secs => :taken)
  FROM slots WHERE name = :name AND slots.first_at <= slots.at + make_interval(secs => :ahead) RETURNING 1)
SELECT extract(epoch FROM at)::float AS asked_at, extract(epoch FROM first_at)::float AS first_at,
  (SELECT count(*) FROM reserved) AS reserved
FROM slots
""")


class Slots(NamedTuple):
    """`reserved` of them, the first at `first_at`; 0: that one is too far ahead. `asked_at`: when that was said.

    Both in seconds since 1970 on the database's clock.
    """

    asked_at: float
    first_at: float
    reserved: int


def reserve(session: Session, name: str, *, count: int, interval_seconds: float) -> Slots:
    """The next `count` slots, `interval_seconds` apart, by the database's clock. What was not used is not saved up.

    The caller holds the provider's row (`providers.lock`), so that no two get one slot, and commits soon.
    """
    taken = {"name": name, "taken": count * interval_seconds, "ahead": AHEAD_SECONDS}
    row = session.execute(RESERVE, taken).one()
    return Slots(row.asked_at, row.first_at, count if row.reserved else 0)
