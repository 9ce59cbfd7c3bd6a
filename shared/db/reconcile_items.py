"""The list of differences with the provider's record."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import func, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from shared.db.models import ReconcileItem
from shared.ids import new_ids

CHUNK = 1000


class Item(NamedTuple):
    """A difference of one day; `payment_id` is "" where the provider has no payment."""

    kind: str
    idempotency_key: str
    payment_id: str
    event_id: UUID | None
    event_date: date | None
    ours: dict[str, Any] | None
    theirs: dict[str, Any] | None

    @property
    def identity(self) -> tuple[str, str, str]:
        """What makes it the same item when it is found again."""
        return self.idempotency_key, self.payment_id, self.kind


_IDENTITY = (ReconcileItem.idempotency_key, ReconcileItem.payment_id, ReconcileItem.kind)


def known_open(session: Session, identities: Sequence[tuple[str, str, str]]) -> set[tuple[str, str, str]]:
    """Those of these items that are there and open already."""
    found: set[tuple[str, str, str]] = set()
    for start in range(0, len(identities), CHUNK):
        part = identities[start : start + CHUNK]
        query = select(*_IDENTITY).where(tuple_(*_IDENTITY).in_(part), ReconcileItem.settled_at.is_(None))
        found |= {(row[0], row[1], row[2]) for row in session.execute(query)}
    return found


def page(
    session: Session, *, is_open: bool | None, day: date | None, before: UUID | None, limit: int
) -> list[ReconcileItem]:
    """Items, newest first, older than `before`; None: open and settled ones, of every day."""
    query = select(ReconcileItem).order_by(ReconcileItem.id.desc()).limit(limit)
    if is_open is not None:
        query = query.where(ReconcileItem.settled_at.is_(None) if is_open else ReconcileItem.settled_at.is_not(None))
    if day is not None:
        query = query.where(ReconcileItem.day == day)
    if before is not None:
        query = query.where(ReconcileItem.id < before)
    return list(session.scalars(query))


def record(session: Session, day: date, items: Sequence[Item]) -> list[UUID]:
    """Writes what was found; what is there already is open (again), and says what was found last. Answers those items
    that were not open before.
    """
    opened: list[UUID] = []
    for start in range(0, len(items), CHUNK):
        part = items[start : start + CHUNK]
        known = known_open(session, [item.identity for item in part])
        made = zip(new_ids(len(part)), part, strict=True)
        rows = [{"id": item_id, "day": day, **item._asdict()} for item_id, item in made]
        statement = insert(ReconcileItem).values(rows)
        kept = {"ours": statement.excluded.ours, "theirs": statement.excluded.theirs, "settled_at": None}
        upsert = statement.on_conflict_do_update(constraint="reconcile_item_found_once", set_=kept)
        written = session.execute(upsert.returning(ReconcileItem.id, *_IDENTITY))
        opened += [row[0] for row in written if (row[1], row[2], row[3]) not in known]
    return opened


def settle_others(session: Session, day: date, found: Collection[tuple[str, str, str]]) -> list[UUID]:
    """Settles the open items of a day that were not found again; answers them."""
    query = select(ReconcileItem).where(ReconcileItem.day == day, ReconcileItem.settled_at.is_(None))
    gone = [
        item.id
        for item in session.scalars(query.with_for_update())
        if (item.idempotency_key, item.payment_id, item.kind) not in found
    ]
    now = func.clock_timestamp()
    session.execute(update(ReconcileItem).where(ReconcileItem.id.in_(gone)).values(settled_at=now))
    return gone


def read(session: Session, ids: Sequence[UUID]) -> list[ReconcileItem]:
    """These items as they stand, oldest first."""
    query = select(ReconcileItem).where(ReconcileItem.id.in_(ids)).order_by(ReconcileItem.id)
    return list(session.scalars(query.execution_options(populate_existing=True)))
