"""The audit's rows and seals as they stand, in the form that is hashed. Whoever reads many does so page by page."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

from sqlalchemy import text

from shared.db.engine import Session
from shared.domain.sealing import AuditRow, Seal

LATE_SECONDS = 120.0
"""A row that waits longer is late: its transaction may last a minute, and it is sealed within another."""

# By their ids, never by a join: whatever the statistics say, this walks the key and not a hundred million rows.
# Here and below ids are cast: the lowest of all, written out, is a numeric, and no key is walked for a numeric.
ROWS = text("""
SELECT id, CAST(extract(epoch FROM at) AS text), actor, payer_id, action, subject, subject_id,
  CAST(before AS text), CAST(after AS text), request_id
FROM audit WHERE id = ANY(CAST(:ids AS bigint[]))
""")

SEAL = "SELECT position, audit_id, hash, CAST(extract(epoch FROM sealed_at) AS text) FROM audit_seal"
SEALS = text(f"{SEAL} WHERE position > :after ORDER BY position LIMIT :most")
HEAD = text(f"{SEAL} ORDER BY position DESC LIMIT 1")
HASHES = text("SELECT position, hash FROM audit_seal WHERE position = ANY(:positions)")

# Ids may lie far apart, or below one, when somebody chose them: a part is so many rows, wherever they are.
PART = text("""
SELECT min(id), max(id)
FROM (SELECT id FROM audit WHERE :after IS NULL OR id > CAST(:after AS bigint) ORDER BY id LIMIT :most) AS part
""")

# Both sides are bounded by the range, so that no plan reads more than a range.
WITHIN = "BETWEEN CAST(:first AS bigint) AND CAST(:last AS bigint)"
UNSEALED = text(f"""
SELECT count(*) FILTER (WHERE w.audit_id IS NOT NULL) AS waiting,
  CAST(extract(epoch FROM clock_timestamp() - min(w.since)) AS float8) AS seconds,
  min(a.id) FILTER (WHERE w.audit_id IS NOT NULL) AS first_waiting,
  min(a.id) FILTER (WHERE w.audit_id IS NULL) AS forgotten
FROM audit a LEFT JOIN audit_waiting w ON w.audit_id = a.id AND w.audit_id {WITHIN}
WHERE a.id {WITHIN} AND NOT EXISTS (
  SELECT FROM audit_seal s WHERE s.audit_id = a.id AND s.audit_id {WITHIN})
""")

GONE = text("""
SELECT min(audit_id) FROM audit_waiting w WHERE NOT EXISTS (SELECT FROM audit a WHERE a.id = w.audit_id)
""")

WAITING = text("""
SELECT count(*), CAST(extract(epoch FROM clock_timestamp() - min(w.since)) AS float8)
FROM audit_waiting w JOIN audit a ON a.id = w.audit_id
""")


class Unsealed(NamedTuple):
    """Rows without a seal: how many wait for one, the oldest for how long, and which; `forgotten`: the first one that
    does not even wait, None if there is none."""

    waiting: int
    seconds: float | None
    first_waiting: int | None
    forgotten: int | None


class Waiting(NamedTuple):
    """How many rows wait for their seal, and the oldest for how long."""

    rows: int
    seconds: float | None

    @property
    def is_late(self) -> bool:
        return self.seconds is not None and self.seconds > LATE_SECONDS


def rows(session: Session, ids: Collection[int]) -> dict[int, AuditRow]:
    """Those of these rows that are there, by id."""
    return {row[0]: AuditRow._make(row) for row in session.execute(ROWS, {"ids": list(ids)}).all()}


def seals(session: Session, *, after: int, most: int) -> list[Seal]:
    """The links beyond a position, in order."""
    found = session.execute(SEALS, {"after": after, "most": most}).all()
    return [Seal(row[0], row[1], bytes(row[2]), row[3]) for row in found]


def head(session: Session) -> Seal | None:
    """The last link; None of an empty chain."""
    row = session.execute(HEAD).one_or_none()
    return None if row is None else Seal(row[0], row[1], bytes(row[2]), row[3])


def hashes(session: Session, positions: Collection[int]) -> dict[int, bytes]:
    """What the chain has at these positions."""
    return {row[0]: bytes(row[1]) for row in session.execute(HASHES, {"positions": list(positions)})}


def part(session: Session, *, after: int | None, most: int) -> tuple[int, int] | None:
    """The first and the last id of the next rows beyond `after` (None: from the lowest one); None: there are none."""
    first, last = session.execute(PART, {"after": after, "most": most}).one()
    return None if first is None else (first, last)


def unsealed(session: Session, first: int, last: int) -> Unsealed:
    """What has no seal among the ids from `first` to `last`."""
    return Unsealed._make(session.execute(UNSEALED, {"first": first, "last": last}).one())


def gone(session: Session) -> int | None:
    """The first row that waits for its seal and is not there any more."""
    found: int | None = session.scalar(GONE)
    return found


def waiting(session: Session) -> Waiting:
    """How far sealing is behind."""
    return Waiting._make(session.execute(WAITING).one())
