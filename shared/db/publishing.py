"""Which batches workers should hear of. The message is only a hint: lost or doubled, it costs time (design)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import insert, text
from sqlalchemy.orm import Session

from shared.db.models import Batch

# As text, not as a parameter: further turns have an index of their own.
FIRST, FURTHER = "turn = 0", "turn > 0"
DUE = """(wait_until IS NULL OR wait_until <= clock_timestamp()) AND (opens_at IS NULL OR opens_at <= :now)"""
UNTOLD = f"""((status = 'waiting' AND {DUE} OR status = 'claimed' AND lease_until < clock_timestamp())
  AND (published_at IS NULL OR published_at < clock_timestamp() - make_interval(secs => :lease)))"""
TOLD = "(status = 'waiting' AND published_at >= clock_timestamp() - make_interval(secs => :lease))"
READY = """
UPDATE batch SET published_at = clock_timestamp()
FROM (
  SELECT id, published_at IS NULL AS fresh FROM batch
  WHERE run_date = :day AND (date < run_date) = :carried AND {turn} AND {untold}
  ORDER BY turn, date, id LIMIT least(:room, greatest(:most - (
    SELECT count(*) FROM batch WHERE run_date = :day AND (date < run_date) = :carried AND {turn} AND {told}), 0))
  FOR UPDATE SKIP LOCKED) AS due
WHERE batch.id = due.id
RETURNING batch.turn, batch.date, batch.id, due.fresh
"""
BULK_SHARE = 5
"""Of batches that give way so many times fewer are published at a time, and while no more others wait than that."""
READY_FIRST = text(READY.format(turn=FIRST, untold=UNTOLD, told=TOLD))
READY_FURTHER = text(READY.format(turn=FURTHER, untold=UNTOLD, told=TOLD))

FULL_ENOUGH = 0.75
"""A queue that is so full is left alone: workers are far from its end, and to add few costs what adding many costs."""
WAITS = text(f"""
SELECT coalesce(bool_or(untold AND told <= CASE WHEN further THEN :few ELSE :most END * {FULL_ENOUGH}), false) FROM (
  SELECT date < run_date AS carried, {FURTHER} AS further, bool_or({UNTOLD}) AS untold,
    count(*) FILTER (WHERE {TOLD}) AS told
  FROM batch WHERE run_date = :day AND status IN ('waiting', 'claimed') GROUP BY 1, 2) AS queue
""")

# Whether batches wait that gave way, and so few others that they may come.
GAVE_WAY = text(f"""
SELECT EXISTS (SELECT FROM batch WHERE run_date = :day AND {FURTHER} AND status IN ('waiting', 'claimed'))
  AND (SELECT count(*) FROM (
    SELECT FROM batch WHERE run_date = :day AND {FIRST} AND status = 'waiting' AND {DUE} LIMIT :few) AS other) < :few
""")

SMALL = text("""
SELECT id, date, ids FROM batch
WHERE run_date = :day AND status = 'waiting' AND epoch = 0 AND published_at IS NULL AND cardinality(ids) = 1
  AND NOT retry AND NOT held AND opens_at IS NULL AND deaths = 0
ORDER BY date, id LIMIT :most FOR UPDATE SKIP LOCKED
""")


RECALL = text("""
UPDATE batch SET published_at = NULL
WHERE id IN (
  SELECT id FROM batch WHERE run_date = :day AND status = 'waiting'
    AND published_at <= clock_timestamp() - make_interval(secs => :age)
  FOR UPDATE SKIP LOCKED)
""")

PUBLISHED = text("""
SELECT count(*) FROM batch WHERE run_date = :day AND status = 'waiting' AND published_at IS NOT NULL
""")


class Ready(NamedTuple):
    """A batch to tell workers of. `bulk`: by way of the queue that is taken from in turn with that of all others."""

    id: int
    run_date: date
    bulk: bool = False


def waits(session: Session, day: date, *, now: datetime, lease_seconds: float, most: int) -> bool:
    """Whether `ready` would find batches for a queue that is not nearly full; without a lock."""
    where = {"day": day, "now": now, "lease": lease_seconds, "most": most, "few": _few(most)}
    return bool(session.scalar(WAITS, where))


def ready(
    session: Session, day: date, *, now: datetime, lease_seconds: float, most: int, room: int | None = None
) -> list[Ready]:
    """Marks and answers the batches to publish now: new, waited long enough, or orphaned.

    At most `most` of what was carried over, first, and as many of the day's own, so that neither waits for the other,
    are published and not begun: the queue stays short and priorities can change. `room`: at most so many of both
    together, now. What was published a lease ago and not begun is published again. `now` is the business time: a
    batch that opens later is not paid before.

    Further batches of one payer or payee come when few others are left, few at a time and in a queue of their own, from
    which a worker takes every second one at most: what comes late waits for one of them, not for all. If nobody takes
    from that queue, they come again in the other.
    """
    where = {"day": day, "now": now, "lease": lease_seconds}
    left = 2 * most if room is None else room
    found: list[Ready] = []
    for carried in (True, False):
        rows = session.execute(READY_FIRST, {**where, "most": most, "carried": carried, "room": left}).all()
        left -= len(rows)
        found += [Ready(row.id, day) for row in sorted(rows, key=lambda row: (row.date, row.id))]
    few = _few(most)
    if not session.scalar(GAVE_WAY, {"day": day, "now": now, "few": few}):
        return found
    for carried in (True, False):
        rows = session.execute(READY_FURTHER, {**where, "most": few, "carried": carried, "room": left}).all()
        left -= len(rows)
        found += [Ready(row.id, day, bulk=row.fresh) for row in sorted(rows, key=lambda row: row[:3])]
    return found


def _few(most: int) -> int:
    """How many of those that give way, where so many others may be published at a time."""
    return max(1, most // BULK_SHARE)


def recall(session: Session, day: date, *, older_than_seconds: float) -> int:
    """Forgets that batches were published so long ago and not begun; answers how many are published still.

    While the provider is shut, or hears of few batches at a time, workers drop what they are told of.
    """
    session.execute(RECALL, {"day": day, "age": older_than_seconds})
    return published(session, day)


def published(session: Session, day: date) -> int:
    """How many batches are published and not begun."""
    return int(session.execute(PUBLISHED, {"day": day}).scalar_one())


def take_back(session: Session, ids: Sequence[int]) -> None:
    """Forgets that batches were published, because the broker did not take them."""
    session.execute(
        text("UPDATE batch SET published_at = NULL WHERE id = ANY(:ids) AND status = 'waiting'"), {"ids": list(ids)}
    )


def gather(session: Session, day: date, *, size: int, most: int) -> int:
    """Merges batches of one event into lists of up to `size` events; answers how many batches went.

    Each late event writes its own row (rule D4); paid one by one, a burst of them would cost a worker three
    transactions an event. The caller holds the run's row.
    """
    by_date: dict[date, list[tuple[int, UUID]]] = defaultdict(list)
    for row in session.execute(SMALL, {"day": day, "most": most}):
        by_date[row.date].append((row.id, row.ids[0]))
    gone = 0
    for event_date, members in by_date.items():
        for start in range(0, len(members), size):
            gone += _merge(session, day, event_date, members[start : start + size])
    return gone


def _merge(session: Session, day: date, event_date: date, members: Sequence[tuple[int, UUID]]) -> int:
    if len(members) < 2:
        return 0
    ids = sorted({event_id for _, event_id in members})
    session.execute(text("DELETE FROM batch WHERE id = ANY(:ids)"), {"ids": [batch_id for batch_id, _ in members]})
    session.execute(insert(Batch).values(run_date=day, date=event_date, first_id=ids[0], last_id=ids[-1], ids=ids))
    return len(members)
