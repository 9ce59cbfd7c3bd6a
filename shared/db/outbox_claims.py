"""Rows of the outbox in a sender's hands: claimed for a few calls, and what is left of them after these."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final, NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, func, select, text, update
from sqlalchemy.orm import Session

from shared.db.arrays import array_literal
from shared.db.models import Outbox
from shared.db.notices import Page, pages
from shared.db.retrying import QUERY_CANCELED, DatabaseError, is_conflict, is_passing
from shared.domain.notice_wording import Unsayable, check
from shared.domain.notices import MOST_IN_BODY

LOOK_AT: Final = 500
"""Of the facts that are due next so many are looked at for small ones that fit into the same body."""
SMALL_BYTES: Final = 16_384
"""The notices of a row that is put together with others are no larger, as they are stored."""

# What is lost of a sender's records in a crash of the server is told once more, with the same ids: nobody waits for
# the disk on its account. Claims are never lost, or two senders would have the same epoch, and each would take what the
# other told from what is left.
LAZILY = text("SET LOCAL synchronous_commit = off")
# By what is due first, never by all: where the server last saw the outbox nearly empty it would sort all of it for each
# claim. The facts that nobody refused have an index of their own: a day's payments may wait before them.
WALK = text("SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off")
AGAIN = text("SET LOCAL enable_seqscan TO DEFAULT; SET LOCAL enable_bitmapscan TO DEFAULT")
FRESH_FACTS: Final = (Outbox.kind == "facts", Outbox.tries == 0)
SMALL = text("""
WITH near AS MATERIALIZED (
  SELECT id, next_at, notices FROM outbox
  WHERE state = 'waiting' AND kind = 'facts' AND tries = 0 AND next_at <= clock_timestamp()
  ORDER BY next_at LIMIT :look_at),
small AS MATERIALIZED (
  SELECT id, sum(cardinality(notices)) OVER (ORDER BY next_at, id) AS through FROM near
  WHERE pg_column_size(notices) <= :bytes),
locked AS MATERIALIZED (
  SELECT o.id FROM outbox o JOIN small ON small.id = o.id
  WHERE small.through <= :room AND o.state = 'waiting' AND o.tries = 0 AND o.next_at <= clock_timestamp()
  FOR UPDATE OF o SKIP LOCKED)
UPDATE outbox SET epoch = epoch + 1, next_at = clock_timestamp() + make_interval(secs => :lease)
FROM locked WHERE outbox.id = locked.id RETURNING outbox.id, outbox.epoch, outbox.notices
""")
MINE: Final = """
unnest(CAST(:ids AS bigint[]), CAST(:epochs AS int[])) AS mine (id, epoch)
WHERE outbox.id = mine.id AND outbox.epoch = mine.epoch
"""
WHOLE = text(f"DELETE FROM outbox USING {MINE}")
# It goes on at once, where it stood in the queue; what is left of it was refused by nobody. A record ends its claim: it
# is written again where the connection was lost in the commit, and may have been written.
SHRINK: Final = """
UPDATE outbox SET {left}, tries = 0, last_error = NULL, next_at = created_at, epoch = epoch + 1
WHERE id = :id AND epoch = :epoch RETURNING epoch
"""
SHRINK_RANGE = text(SHRINK.format(left="first_id = :rest"))
SHRINK_FACTS = text(SHRINK.format(left="notices = notices[CAST(:rest AS int) + 1:]"))
# What was not even sent goes on at once, in its place of the queue.
SPLIT: Final = """
WITH whole AS MATERIALIZED (SELECT * FROM outbox WHERE id = :id AND epoch = :epoch FOR UPDATE),
rest AS (
  INSERT INTO outbox (kind, batch_id, date, first_id, last_id, ids, notices, next_at, created_at)
  SELECT kind, batch_id, date, {first}, last_id, ids, {notices}, created_at, created_at FROM whole)
UPDATE outbox SET {left} FROM whole WHERE outbox.id = whole.id
"""
SPLIT_RANGE = text(SPLIT.format(first="CAST(:rest AS uuid)", notices="notices", left="last_id = CAST(:last AS uuid)"))
SPLIT_FACTS = text(
    SPLIT.format(
        first="first_id",
        notices="notices[CAST(:rest AS int) + 1:]",
        left="notices = whole.notices[1:CAST(:rest AS int)]",
    )
)
FAILED = text(f"""
UPDATE outbox SET tries = tries + 1, epoch = outbox.epoch + 1, last_error = :reason,
  state = CASE WHEN CAST(:wait AS float) IS NULL THEN 'dead' ELSE 'waiting' END,
  next_at = clock_timestamp() + make_interval(secs => coalesce(:wait, 0))
FROM {MINE}
""")


class Part(NamedTuple):
    """A row as this sender has it: another one that takes it over gives it the next epoch."""

    id: int
    epoch: int


@dataclass(frozen=True, slots=True)
class Unsaid:
    """A row that was claimed and cannot be told, for a `reason` in a few words; `tries`: how often that was before."""

    part: Part
    reason: str
    tries: int


@dataclass(frozen=True, slots=True)
class Claim:
    """What was taken: `bodies` of one row, or one body of several rows that are told whole by it.

    A body may be empty. `tries`: how many calls with what is in the first have failed. `unsaid`: what was found that no
    body can have.
    """

    parts: Sequence[Part]
    bodies: Sequence[Page]
    tries: int
    unsaid: Sequence[Unsaid] = ()


def take(session: Session, *, lease_seconds: float, most_bodies: int = 1, facts_first: bool = False) -> Claim | None:
    """Claims what is to be told next, for so long; None: nothing is due.

    `facts_first`: facts that nobody refused, if there are any, whatever is due before them.
    Small facts go together, but for those that were refused before: one that nobody takes must not keep others back.
    Nor does one that cannot be worded: the caller is to record it as failed.
    """
    row = session.execute(_oldest(lease_seconds, FRESH_FACTS)).one_or_none() if facts_first else None
    row = row or session.execute(_oldest(lease_seconds)).one_or_none()
    if row is None:
        return None
    part = Part(row.id, row.epoch)
    bodies = _worded(session, row, most_bodies)
    if isinstance(bodies, str):
        return Claim((), (), row.tries, [Unsaid(part, bodies, row.tries)])
    room = MOST_IN_BODY - bodies[0].count
    if row.kind == "facts" and row.tries == 0 and room:
        return _with_small(session, part, bodies[0], room, lease_seconds)
    return Claim([part], bodies, row.tries)


def accepted(session: Session, claim: Claim, bodies: int) -> Sequence[Part]:
    """So many of the bodies are told, at least one; what is left of the claim.

    What another sender has taken meanwhile is left to that.
    """
    session.execute(LAZILY)
    rest = claim.bodies[bodies - 1].rest
    if rest is None:
        session.execute(WHOLE, _mine(claim.parts))
        return ()
    (part,) = claim.parts
    statement = SHRINK_RANGE if isinstance(rest, UUID) else SHRINK_FACTS
    values = {"id": part.id, "epoch": part.epoch, "rest": rest}
    ours = session.execute(statement, values).one_or_none()
    return [Part(part.id, ours.epoch)] if ours else ()


def part_from(session: Session, part: Part, rest: UUID | int) -> None:
    """The body that a row begins with was refused: what follows it, from `rest` on, becomes a row of its own, so that
    nobody refuses it unread. It is still this sender's until it records the failure."""
    values = {"id": part.id, "epoch": part.epoch, "rest": rest}
    if isinstance(rest, UUID):
        session.execute(SPLIT_RANGE, {**values, "last": UUID(int=rest.int - 1)})
    else:
        session.execute(SPLIT_FACTS, values)


def failed(session: Session, parts: Sequence[Part], reason: str, wait_seconds: float | None) -> None:
    """A call with these failed, for a reason in a few words; None to wait: they are dead letters."""
    session.execute(FAILED, {**_mine(parts), "reason": reason, "wait": wait_seconds})


def _with_small(session: Session, part: Part, first: Page, room: int, lease_seconds: float) -> Claim:
    parts, texts, unsaid = [part], list(first.texts), []
    for other in _small(session, room, lease_seconds):
        one = Part(other.id, other.epoch)
        try:
            check(other.notices)
        except Unsayable as error:
            unsaid.append(Unsaid(one, str(error), 0))
        else:
            parts.append(one)
            texts += other.notices
    return Claim(parts, [Page(texts, len(texts), None)], 0, unsaid)


def _worded(session: Session, row: Any, most_bodies: int) -> list[Page] | str:
    """Or why it cannot be.

    Whatever is wrong with a row is its own matter, and not that of those behind it; a database that is away is.
    """
    try:
        with session.begin_nested():
            return pages(session, row, MOST_IN_BODY, most_bodies)
    except Unsayable as error:
        return str(error)
    except DatabaseError as error:
        took_too_long = getattr(error.orig, "pgcode", None) == QUERY_CANCELED
        if is_conflict(error) or (is_passing(error) and not took_too_long):
            raise
        return f"not worded: {type(error.orig).__name__}"
    except Exception as error:  # noqa: BLE001 - one that was raised here would come back with every claim
        return f"not worded: {type(error).__name__}"


def _oldest(lease_seconds: float, which: Sequence[ColumnElement[bool]] = ()) -> Any:
    due = (
        select(Outbox.id)
        .where(Outbox.state == "waiting", Outbox.next_at <= func.clock_timestamp(), *which)
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
