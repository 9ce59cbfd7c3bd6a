"""Days, their pieces and their books."""

from __future__ import annotations

from datetime import date as Day  # noqa: N812 - the tables have columns named date
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    BigInteger,
    CheckConstraint,
    Identity,
    Index,
    Integer,
    SmallInteger,
    Uuid,
    false,
    func,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from shared.db.models.base import Base, one_of
from shared.domain.books import Heading


class Run(Base):
    """One business date. Its row is read FOR SHARE by whoever claims, withdraws or adds, and locked FOR UPDATE
    by planning and closing (rule C2).

    announced  Somebody already made an event payable on it; nothing is planned yet and nobody is shown it.
    planning   Its batches are being cut; `planned_through` is the last id that has been counted.
    open       Its batches may be claimed, unless `closing_at` is set.
    paused     Nothing of it is claimed until it is resumed.
    closed     Its books are final; `off` says what did not add up.
    """

    __tablename__ = "run"
    __table_args__ = (
        CheckConstraint("status IN ('announced', 'planning', 'open', 'paused', 'closed')", name="status_is_known"),
        CheckConstraint("(status = 'closed') = (closed_at IS NOT NULL)", name="closed_has_its_time"),
    )

    date: Mapped[Day] = mapped_column(primary_key=True)
    status: Mapped[str] = mapped_column(server_default="announced")
    planned_through: Mapped[UUID | None]
    opened_at: Mapped[datetime | None]
    closing_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    reason: Mapped[str | None]
    off: Mapped[dict[str, Any] | None]

    @property
    def is_paying(self) -> bool:
        """Whether it is open and nobody has begun to close it; the hours are for the caller to judge."""
        return self.status == "open" and self.closing_at is None


class Batch(Base):
    """A piece of a run's work: a range of ids, or a list of them, that stand under one date.

    waiting  To be published and taken. A crash leaves it; it is published again after a lease.
    claimed  A worker's until `lease_until`; its statements carry the epoch. A crash leaves it for takeover.
    done     Nothing of it is left.
    carried  Its run closed first; what was left has a new batch in the next run.

    `retry`: it holds declined events whose retry day it is, not scheduled ones. `opens_at`: a business time before
    which it is not paid. `held`: a hold made it wait. `provider`: whom its events were sent to. `deaths`: how many
    holders in a row did not live to settle it. `turn`: 0, or the how many-th further batch of one payer or payee it is.
    """

    __tablename__ = "batch"
    __table_args__ = (
        CheckConstraint("status IN ('waiting', 'claimed', 'done', 'carried')", name="status_is_known"),
        CheckConstraint(
            "status <> 'claimed' OR (lease_until IS NOT NULL AND worker IS NOT NULL)",
            name="claimed_has_a_lease",
        ),
        CheckConstraint("first_id <= last_id", name="range_is_in_order"),
        Index("batch_run", "run_date", "id"),
        Index("batch_unfinished", "run_date", "id", postgresql_where=text("status IN ('waiting', 'claimed')")),
        Index(
            "batch_giving_way",
            "run_date",
            "turn",
            "id",
            postgresql_where=text("turn > 0 AND status IN ('waiting', 'claimed')"),
        ),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    run_date: Mapped[Day]
    date: Mapped[Day]
    first_id: Mapped[UUID]
    last_id: Mapped[UUID]
    ids: Mapped[list[UUID] | None] = mapped_column(ARRAY(Uuid(as_uuid=True)))
    status: Mapped[str] = mapped_column(server_default="waiting")
    epoch: Mapped[int] = mapped_column(Integer, server_default="0")
    worker: Mapped[str | None]
    lease_until: Mapped[datetime | None]
    published_at: Mapped[datetime | None]
    wait_until: Mapped[datetime | None]
    retry: Mapped[bool] = mapped_column(server_default=false())
    opens_at: Mapped[datetime | None]
    held: Mapped[bool] = mapped_column(server_default=false())
    provider: Mapped[str | None]
    deaths: Mapped[int] = mapped_column(SmallInteger, server_default="0")
    turn: Mapped[int] = mapped_column(Integer, server_default="0")
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class Booking(Base):
    """A line of a run's books (rule D6): signed, append-only, so that progress needs no scan of events."""

    __tablename__ = "booking"
    __table_args__ = (
        CheckConstraint(one_of("heading", Heading), name="heading_is_known"),
        Index("booking_run", "run_date"),
        Index("booking_event", "event_id", postgresql_where=text("event_id IS NOT NULL")),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    run_date: Mapped[Day]
    heading: Mapped[str]
    currency: Mapped[str]
    count: Mapped[int] = mapped_column(BigInteger)
    amount: Mapped[int] = mapped_column(BigInteger)
    batch_id: Mapped[int | None] = mapped_column(BigInteger)
    event_id: Mapped[UUID | None]
    original_date: Mapped[Day | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
