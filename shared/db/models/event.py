"""Dated payments, those that were made, and keys whose outcome is open."""

from __future__ import annotations

from datetime import date as Day  # noqa: N812 - the tables have columns named date
from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Identity,
    Index,
    Integer,
    false,
    func,
    text,
    true,
)
from sqlalchemy.orm import Mapped, mapped_column

from shared.db.models.base import Base, one_of
from shared.domain.lifecycle import TRIED_AGAIN, CancelReason, EventStatus


class Event(Base):
    """One dated payment of a schedule, by month of `date`.

    `settled_at`: when the provider's word moved it. `first_declined_on`: the business date that its retries count from.

    One index beside the key, and none with a status, a batch or an attempt: their updates stay heap-only.
    """

    __tablename__ = "event"
    __table_args__ = (
        CheckConstraint("amount > 0", name="amount_is_positive"),
        CheckConstraint("attempt >= 1", name="attempt_counts_from_one"),
        CheckConstraint(one_of("status", EventStatus), name="status_is_known"),
        CheckConstraint(
            f"cancel_reason IS NULL OR {one_of('cancel_reason', CancelReason)}",
            name="cancel_reason_is_known",
        ),
        CheckConstraint("(status = 'cancelled') = (cancel_reason IS NOT NULL)", name="cancelled_has_a_reason"),
        CheckConstraint("status <> 'failed' OR failure_code IS NOT NULL", name="failed_has_a_code"),
        CheckConstraint(f"retry_on IS NULL OR {one_of('status', TRIED_AGAIN)}", name="retry_day_is_of_a_decline"),
        CheckConstraint("(status = 'paid') = (transaction_id IS NOT NULL)", name="paid_has_a_transaction"),
        CheckConstraint("status <> 'processing' OR batch_id IS NOT NULL", name="claimed_by_a_batch"),
        Index("event_payer", "payer_id", "date", "id"),
        {"postgresql_partition_by": "RANGE (date)"},
    )

    date: Mapped[Day] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    schedule_id: Mapped[UUID]
    payer_id: Mapped[str]
    payee_id: Mapped[str]
    amount: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str]
    reference: Mapped[str | None]
    nominal_date: Mapped[Day]
    sequence: Mapped[int] = mapped_column(Integer)
    revision: Mapped[int] = mapped_column(Integer)
    status: Mapped[str] = mapped_column(server_default="scheduled")
    cancel_reason: Mapped[str | None]
    overridden: Mapped[bool] = mapped_column(server_default=false())
    batch_id: Mapped[int | None] = mapped_column(BigInteger)
    attempt: Mapped[int] = mapped_column(Integer, server_default="1")
    first_sent_at: Mapped[datetime | None]
    failure_code: Mapped[str | None]
    retry_on: Mapped[Day | None]
    first_declined_on: Mapped[Day | None]
    settled_at: Mapped[datetime | None]
    transaction_id: Mapped[UUID | None]
    version: Mapped[int] = mapped_column(Integer, server_default="1")


class Transaction(Base):
    """A payment that was made. Append-only; written by the statement that moves its event to `paid` (C7)."""

    __tablename__ = "transaction"
    __table_args__ = (
        CheckConstraint("amount > 0", name="amount_is_positive"),
        Index("transaction_payer", "payer_id", "date", "id"),
        {"postgresql_partition_by": "RANGE (date)"},
    )

    date: Mapped[Day] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    event_id: Mapped[UUID]
    event_date: Mapped[Day]
    schedule_id: Mapped[UUID]
    payer_id: Mapped[str]
    payee_id: Mapped[str]
    amount: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str]
    provider_ref: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class FinalDecline(Base):
    """An event was declined for good and nobody has looked yet whether its schedule is to be suspended (rule S10)."""

    __tablename__ = "final_decline"

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    schedule_id: Mapped[UUID]
    event_id: Mapped[UUID]
    code: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class Attempt(Base):
    """A key that was not settled at its first send: what the resolver asks about, and what it learned (K4, K9).

    `told`: its payer has been told that nobody knows.
    """

    __tablename__ = "attempt"
    __table_args__ = (
        CheckConstraint(
            "state IN ('open', 'paid', 'declined', 'not_executed', 'contradiction')", name="state_is_known"
        ),
        Index("attempt_open", "next_at", postgresql_where=text("state = 'open'")),
        Index("attempt_untold", "first_sent_at", postgresql_where=text("state = 'open' AND NOT told")),
    )

    event_id: Mapped[UUID] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(Integer, primary_key=True)
    event_date: Mapped[Day]
    provider: Mapped[str]
    state: Mapped[str] = mapped_column(server_default="open")
    reason: Mapped[str | None]
    provider_ref: Mapped[str | None]
    resend: Mapped[bool] = mapped_column(server_default=true())
    resolved_by: Mapped[str | None]
    run_date: Mapped[Day]
    batch_id: Mapped[int | None] = mapped_column(BigInteger)
    first_sent_at: Mapped[datetime]
    last_sent_at: Mapped[datetime]
    asks: Mapped[int] = mapped_column(Integer, server_default="0")
    next_at: Mapped[datetime]
    told: Mapped[bool] = mapped_column(server_default=false())
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    settled_at: Mapped[datetime | None]
