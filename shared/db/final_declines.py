"""Events that were declined for good, until somebody has looked whether their schedules are to be suspended (S10)."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import text

from shared.db.engine import Session
from shared.domain.retries import NO_DECLINE

TAKE = text("""
DELETE FROM final_decline WHERE id IN (SELECT id FROM final_decline ORDER BY id LIMIT :most FOR UPDATE SKIP LOCKED)
RETURNING schedule_id, code
""")

# Each schedule's last decided events, newest first, since its last suspension ended. Unknown, missed and not executed
# ones neither count nor reset, and one that is still tried again is not decided.
IN_A_ROW = text("""
SELECT s.id FROM schedule s
CROSS JOIN LATERAL (
  SELECT count(*) AS n, bool_and(status = 'failed') AS all_failed FROM (
    SELECT e.status FROM event e
    WHERE e.payer_id = s.payer_id AND e.schedule_id = s.id
      AND (e.status = 'paid' OR (e.status = 'failed' AND e.retry_on IS NULL
        AND e.failure_code <> ALL(CAST(:no_decline AS text[]))))
      AND e.settled_at > coalesce((SELECT max(p.ended_at) FROM pause p
        WHERE p.schedule_id = s.id AND p.reason = 'suspended'), '-infinity')
    ORDER BY e.date DESC, e.sequence DESC LIMIT :failures) AS last) AS last
WHERE s.id = ANY(CAST(:ids AS uuid[])) AND last.n >= :failures AND last.all_failed
""")


class Decline(NamedTuple):
    """A final decline's schedule and code."""

    schedule_id: UUID
    code: str


def any_waiting(session: Session) -> bool:
    """Whether there is one that nobody has looked at."""
    return bool(session.scalar(text("SELECT EXISTS (SELECT FROM final_decline)")))


def take(session: Session, most: int) -> list[Decline]:
    """The oldest ones, taken off; they come back if the transaction fails. What another looks at is passed over."""
    return [Decline(*row) for row in session.execute(TAKE, {"most": most})]


def in_a_row(session: Session, schedule_ids: Collection[UUID], failures: int) -> set[UUID]:
    """Which of these schedules, locked by the caller, had so many final declines in a row."""
    values: dict[str, Any] = {"ids": list(schedule_ids), "failures": failures, "no_decline": sorted(NO_DECLINE)}
    return set(session.scalars(IN_A_ROW, values))
