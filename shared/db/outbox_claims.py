"""Rows of the outbox in a sender's hands: claimed for one call, and what is left of them after it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import func, select, text, update
from sqlalchemy.orm import Session

from shared.db.arrays import array_literal
from shared.db.models import Outbox
from shared.db.notices import page
from shared.domain.notices import MOST_IN_BODY

LOOK_AT: Final = 500
"""Of the rows that are due next so many are looked at for small ones that fit into the same body."""
SMALL_BYTES: Final = 16_384
"""The notices of a row that is put together with others are no larger, as they are stored."""

# What is lost of a sender's records in a crash of the server is told once more, with the same ids: nobody waits for
# the disk on its account.
LAZILY = text("SET LOCAL synchronous_commit = off")
# By what is due first, never by all: where the server last saw the outbox nearly empty it would sort all of it for each
# claim.
WALK = text("SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off")
AGAIN = text("SET LOCAL enable_seqscan TO DEFAULT; SET LOCAL enable_bitmapscan TO DEFAULT")
SMALL = text("""
WITH near AS MATERIALIZED (
  SELECT id, next_at, kind, tries, notices FROM outbox
  WHERE state = 'waiting' AND next_at <= clock_timestamp() ORDER BY next_at LIMIT :look_at),
small AS MATERIALIZED (
  SELECT id, sum(cardinality(notices)) OVER (ORDER BY next_at, id) AS through FROM near
  WHERE kind = 'facts' AND tries = 0 AND pg_column_size(notices) <= :bytes),
locked AS MATERIALIZED (
  SELECT o.id FROM outbox o JOIN small ON small.id = o.id
  WHERE small.through <= :room AND o.state = 'waiting' AND o.next_at <= clock_timestamp()
  FOR UPDATE OF o SKIP LOCKED)
UPDATE outbox SET epoch = epoch + 1, next_at = clock_timestamp() + make_interval(secs => :lease)
FROM locked WHERE outbox.id = locked.id RETURNING outbox.id, outbox.epoch, outbox.notices
""")
MINE: Final = """
unnest(CAST(:ids AS bigint[]), CAST(:epochs AS int[])) AS mine (id, epoch)
WHERE outbox.id = mine.id AND outbox.epoch = mine.epoch
"""
WHOLE = text(f"DELETE FROM outbox USING {MINE}")
# It goes on at once, where it stood in the queue; what is left of it was refused by nobody.
SHRINK: Final = """
UPDATE outbox SET {left}, tries = 0, last_error = NULL, next_at = created_at WHERE id = :id AND epoch = :epoch
"""
SHRINK_RANGE = text(SHRINK.format(left="first_id = :rest"))
SHRINK_FACTS = text(SHRINK.format(left="notices = notices[CAST(:rest AS int) + 1:]"))
FAILED = text(f"""
UPDATE outbox SET tries = tries + 1, last_error = :reason,
  state = CASE WHEN CAST(:wait AS float) IS NULL THEN 'dead' ELSE 'waiting' END,
  next_at = clock_timestamp() + make_interval(secs => coalesce(:wait, 0))
FROM {MINE}
""")


@dataclass(frozen=True, slots=True)
class Part:
    """What a body has of one row. `rest`: where the row goes on when that is told; None: then it is told whole."""

    id: int
    epoch: int
    rest: UUID | int | None = None


@dataclass(frozen=True, slots=True)
class Claim:
    """One body. `texts`: its notices as JSON, each one or more; there may be none. `tries`: how many calls with what
    is in it have failed."""

    parts: Sequence[Part]
    texts: Sequence[str]
    count: int
    tries: int


def take(session: Session, *, lease_seconds: float) -> Claim | None:
    """Claims what is to be told next, for so long; None: nothing is due.

    Small facts go together, but for those that were refused before: one that nobody takes must not keep others back.
    """
    session.execute(LAZILY)
    row = session.execute(_oldest(lease_seconds)).one_or_none()
    if row is None:
        return None
    first = page(session, row, MOST_IN_BODY)
    parts, texts, count = [Part(row.id, row.epoch, first.rest)], list(first.texts), first.count
    if row.kind == "facts" and row.tries == 0 and count < MOST_IN_BODY:
        for other in _small(session, MOST_IN_BODY - count, lease_seconds):
            parts.append(Part(other.id, other.epoch))
            texts += other.notices
            count += len(other.notices)
    return Claim(parts, texts, count, row.tries)


def accepted(session: Session, claim: Claim) -> None:
    """All of the body is told. What another sender has taken meanwhile is left to that."""
    session.execute(LAZILY)
    whole = [part for part in claim.parts if part.rest is None]
    if whole:
        session.execute(WHOLE, _mine(whole))
    for part in claim.parts:
        if part.rest is not None:
            statement = SHRINK_RANGE if isinstance(part.rest, UUID) else SHRINK_FACTS
            session.execute(statement, {"id": part.id, "epoch": part.epoch, "rest": part.rest})


def failed(session: Session, claim: Claim, reason: str, wait_seconds: float | None) -> None:
    """A call with the body failed, for a reason in a few words; None to wait: it is a dead letter."""
    session.execute(FAILED, {**_mine(claim.parts), "reason": reason, "wait": wait_seconds})


def _oldest(lease_seconds: float) -> Any:
    due = (
        select(Outbox.id)
        .where(Outbox.state == "waiting", Outbox.next_at <= func.clock_timestamp())
        .order_by(Outbox.next_at)
        .limit(1)
        .with_for_update(skip_locked=True)
        .scalar_subquery()
    )
    return (
        update(Outbox)
        .where(Outbox.id == due)
        .values(epoch=Outbox.epoch + 1, next_at=func.clock_timestamp() + timedelta(seconds=lease_seconds))
        .returning(
            Outbox.id,
            Outbox.epoch,
            Outbox.tries,
            Outbox.kind,
            Outbox.batch_id,
            Outbox.date,
            Outbox.first_id,
            Outbox.last_id,
            Outbox.ids,
        )
    )


def _small(session: Session, room: int, lease_seconds: float) -> Sequence[Any]:
    values = {"room": room, "look_at": LOOK_AT, "bytes": SMALL_BYTES, "lease": lease_seconds}
    session.execute(WALK)
    found = session.execute(SMALL, values).all()
    session.execute(AGAIN)
    return sorted(found, key=lambda row: row.id)


def _mine(parts: Sequence[Part]) -> dict[str, str]:
    return {
        "ids": array_literal(part.id for part in parts),
        "epochs": array_literal(part.epoch for part in parts),
    }
