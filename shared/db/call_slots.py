"""The rate that all workers keep together: each call to the provider has an instant of its own, reserved here."""

from __future__ import annotations

from typing import Final, NamedTuple

from sqlalchemy import text

from shared.db.engine import Session

AHEAD_SECONDS: Final = 1.0
"""Nobody reserves further ahead than this: what a worker reserved and does not use is lost to all."""

# A clock that was set back would have everybody wait until it is again where it was: what was reserved then lies as far
# ahead now as it did.
RESERVE = text("""
WITH now AS MATERIALIZED (SELECT clock_timestamp() AS at),
slots AS (
  SELECT now.at, now.at < provider.reserved_at AS set_back,
    CASE WHEN now.at < provider.reserved_at THEN now.at + (provider.next_call_at - provider.reserved_at)
      ELSE greatest(provider.next_call_at, now.at) END AS first_at
  FROM provider, now WHERE name = :name),
judged AS (SELECT *, first_at <= at + make_interval(secs => :ahead) AS free FROM slots),
reserved AS (
  UPDATE provider SET reserved_at = judged.at,
    next_call_at = judged.first_at + CASE WHEN free THEN make_interval(secs => :taken) ELSE interval '0' END
  FROM judged WHERE name = :name AND (free OR set_back))
SELECT extract(epoch FROM at)::float AS asked_at, extract(epoch FROM first_at)::float AS first_at, free FROM judged
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
    return Slots(row.asked_at, row.first_at, count if row.free else 0)
