"""The outbox as operators see it: what waits, what was given up, and how it is sent again."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Final, NamedTuple

from sqlalchemy import text
from sqlalchemy.orm import Session

from shared.db import audit, receivers
from shared.db.arrays import array_literal
from shared.db.audit import Act

LISTED_MOST: Final = 1000
UNREADABLE: Final = "unreadable"
OVERDUE_SECONDS: Final = 1800.0
"""What has been due for so long while the receiver may be called is taken by no sender, or by too few: behind a run
that keeps a machine wholly busy they are late, and catch up in minutes."""

LISTED = text("""
SELECT o.id, o.state, o.date, o.tries, o.created_at, o.next_at, o.last_error, o.kind, o.notices[1] AS notice,
  CASE o.kind WHEN 'facts' THEN cardinality(o.notices)
    WHEN 'paid' THEN 2 * (
      SELECT count(*) FROM event e WHERE e.date = o.date AND e.id >= o.first_id AND e.id <= o.last_id
        AND e.batch_id = o.batch_id AND e.status = 'paid' AND (o.ids IS NULL OR e.id = ANY(o.ids)))
    ELSE (
      SELECT count(*) FROM event e WHERE e.date = o.date AND e.id >= o.first_id AND e.id <= o.last_id
        AND e.status = CASE o.kind WHEN 'missed' THEN 'missed' ELSE 'scheduled' END
        AND (o.ids IS NULL OR e.id = ANY(o.ids)))
  END AS remaining
FROM outbox o WHERE o.state = 'dead' OR :all ORDER BY o.id LIMIT :most
""")
STATE = text("""
SELECT count(*) FILTER (WHERE state = 'waiting') AS waiting, count(*) FILTER (WHERE state = 'dead') AS dead,
  coalesce(extract(epoch FROM clock_timestamp() - min(created_at) FILTER (WHERE state = 'waiting')), 0)::float AS age,
  coalesce(extract(epoch FROM clock_timestamp() - min(next_at) FILTER (WHERE state = 'waiting')), 0)::float AS overdue
FROM outbox
""")
DEAD = text("SELECT id FROM outbox WHERE id = ANY(CAST(:ids AS bigint[])) AND state = 'dead' FOR UPDATE")
REPLAY = text("""
UPDATE outbox SET state = 'waiting', tries = 0, next_at = clock_timestamp()
WHERE state = 'dead' AND (:all OR id = ANY(CAST(:ids AS bigint[])))
RETURNING id
""")


class Row(NamedTuple):
    """`type`: of its notices; `remaining`: how many are left to be told; `tries`: how many calls have failed."""

    id: int
    state: str
    type: str
    date: str | None
    remaining: int
    tries: int
    since: datetime
    next_at: datetime
    last_error: str | None


class State(NamedTuple):
    """How many rows there are, how old the oldest that waits is, and for how long one has been due (below 0: none)."""

    waiting: int
    dead: int
    oldest_seconds: float
    overdue_seconds: float


def listed(session: Session, *, whole: bool) -> Sequence[Row]:
    """Dead letters, or the `whole` outbox, oldest first and LISTED_MOST at most."""
    found = session.execute(LISTED, {"all": whole, "most": LISTED_MOST})
    return [
        Row(
            row.id,
            row.state,
            row.kind if row.notice is None else _type_of(row.notice),
            None if row.date is None else row.date.isoformat(),
            row.remaining,
            row.tries,
            row.created_at,
            row.next_at,
            row.last_error,
        )
        for row in found
    ]


def _type_of(notice: str) -> str:
    """What cannot be read is shown all the same: it is here for that."""
    try:
        return str(json.loads(notice)["type"])
    except (ValueError, LookupError, TypeError, RecursionError):
        return UNREADABLE


def state(session: Session) -> State:
    row = session.execute(STATE).one()
    return State(row.waiting, row.dead, row.age, row.overdue)


def dead(session: Session, ids: Collection[int]) -> frozenset[int]:
    """Which of these are dead letters; they stay so until the transaction ends."""
    return frozenset(session.scalars(DEAD, {"ids": array_literal(ids)}))


def replay(session: Session, act: Act, ids: Collection[int] | None) -> int:
    """Dead letters, all of them where none are named, wait again as if never tried, and whoever wanted no more, or
    asked for a long wait, is called again; answers how many. It is one row of the audit."""
    found = sorted(session.scalars(REPLAY, {"all": ids is None, "ids": array_literal(ids or ())}))
    asked = receivers.ask_again(session)
    if found or asked:
        after = {"state": "waiting", "count": len(found), "rows": found[:LISTED_MOST], "receiverIsCalledAgain": asked}
        audit.record(
            session,
            act,
            "outbox.replayed",
            subject="outbox",
            subject_id="all" if ids is None else min(ids),
            payer_id=None,
            before={"state": "dead"},
            after=after,
        )
    return len(found)
