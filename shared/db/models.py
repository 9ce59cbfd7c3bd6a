"""The tables. Amounts are minor units with an ISO 4217 code; ids are UUIDv7; constraints have names."""

from __future__ import annotations

from datetime import date as Day  # noqa: N812 - the tables have columns named date
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    BigInteger,
    CheckConstraint,
    Date,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Integer,
    MetaData,
    SmallInteger,
    Text,
    Uuid,
    false,
    func,
    text,
    true,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from shared.domain.books import Heading
from shared.domain.lifecycle import CancelReason, EventStatus


def _one_of(column: str, values: Any) -> str:
    return f"{column} IN ({', '.join(repr(str(value)) for value in values)})"


class Base(DeclarativeBase):
    metadata = MetaData(
        naming_convention={
            "ix": "%(table_name)s_%(column_0_name)s",
            "uq": "%(table_name)s_%(column_0_name)s_unique",
            "ck": "%(table_name)s_%(constraint_name)s",
            "fk": "%(table_name)s_%(column_0_name)s_references_%(referred_table_name)s",
            "pk": "%(table_name)s_pkey",
        }
    )
    type_annotation_map = {  # noqa: RUF012 - read by SQLAlchemy
        str: Text,
        datetime: DateTime(timezone=True),
        Day: Date,
        UUID: Uuid(as_uuid=True),
        dict[str, Any]: JSONB(none_as_null=True),
    }


class Schedule(Base):
    """What a user asked for. Its row is the lock for everything that happens to its events (rule S1)."""

    __tablename__ = "schedule"
    __table_args__ = (
        CheckConstraint("amount > 0", name="amount_is_positive"),
        CheckConstraint("payer_id <> payee_id", name="payer_is_not_payee"),
        CheckConstraint("currency ~ '^[A-Z]{3}$'", name="currency_is_a_code"),
        CheckConstraint("pay_late BETWEEN 0 AND 31", name="pay_late_in_range"),
        CheckConstraint("status IN ('active', 'cancelled')", name="status_is_known"),
        CheckConstraint("status = 'active' OR extend_on IS NULL", name="cancelled_is_not_extended"),
        Index("schedule_payer", "payer_id", "id"),
        Index("schedule_extend", "extend_on", postgresql_where=text("extend_on IS NOT NULL")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    payer_id: Mapped[str]
    payee_id: Mapped[str]
    start_date: Mapped[Day]
    end_date: Mapped[Day | None]
    is_recurring: Mapped[bool]
    amount: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str]
    frequency: Mapped[str]
    rule: Mapped[dict[str, Any]]
    reference: Mapped[str | None]
    pay_late: Mapped[int] = mapped_column(SmallInteger)
    status: Mapped[str] = mapped_column(server_default="active")
    revision: Mapped[int] = mapped_column(Integer, server_default="1")
    version: Mapped[int] = mapped_column(Integer, server_default="1")
    next_sequence: Mapped[int] = mapped_column(Integer)
    extend_on: Mapped[Day | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class ScheduleRevision(Base):
    """The terms in force from a nominal date on (rule S2)."""

    __tablename__ = "schedule_revision"
    __table_args__ = (CheckConstraint("amount > 0", name="amount_is_positive"),)

    schedule_id: Mapped[UUID] = mapped_column(ForeignKey("schedule.id"), primary_key=True)
    revision: Mapped[int] = mapped_column(Integer, primary_key=True)
    from_nominal_date: Mapped[Day]
    rule: Mapped[dict[str, Any]]
    amount: Mapped[int] = mapped_column(BigInteger)
    payee_id: Mapped[str]
    reference: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class Event(Base):
    """One dated payment of a schedule, by month of `date`.

    One index beside the key, and none with a status, a batch or an attempt: their updates stay heap-only.
    """

    __tablename__ = "event"
    __table_args__ = (
        CheckConstraint("amount > 0", name="amount_is_positive"),
        CheckConstraint("attempt >= 1", name="attempt_counts_from_one"),
        CheckConstraint(_one_of("status", EventStatus), name="status_is_known"),
        CheckConstraint(
            f"cancel_reason IS NULL OR {_one_of('cancel_reason', CancelReason)}",
            name="cancel_reason_is_known",
        ),
        CheckConstraint("(status = 'cancelled') = (cancel_reason IS NOT NULL)", name="cancelled_has_a_reason"),
        CheckConstraint("status <> 'failed' OR failure_code IS NOT NULL", name="failed_has_a_code"),
        CheckConstraint("retry_on IS NULL OR status = 'failed'", name="only_failed_waits_for_a_retry"),
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


class Batch(Base):
    """A piece of a run's work: a range of ids, or a list of them, that stand under one date.

    waiting  To be published and taken. A crash leaves it; it is published again after a lease.
    claimed  A worker's until `lease_until`; its statements carry the epoch. A crash leaves it for takeover.
    done     Nothing of it is left.
    carried  Its run closed first; what was left has a new batch in the next run.
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
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class Booking(Base):
    """A line of a run's books (rule D6): signed, append-only, so that progress needs no scan of events."""

    __tablename__ = "booking"
    __table_args__ = (
        CheckConstraint(_one_of("heading", Heading), name="heading_is_known"),
        Index("booking_run", "run_date"),
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


class Attempt(Base):
    """A key that was not settled at its first send: what the resolver asks about, and what it learned (K4, K9)."""

    __tablename__ = "attempt"
    __table_args__ = (
        CheckConstraint(
            "state IN ('open', 'paid', 'declined', 'not_executed', 'contradiction')", name="state_is_known"
        ),
        Index("attempt_open", "next_at", postgresql_where=text("state = 'open'")),
    )

    event_id: Mapped[UUID] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(Integer, primary_key=True)
    event_date: Mapped[Day]
    provider: Mapped[str]
    state: Mapped[str] = mapped_column(server_default="open")
    reason: Mapped[str | None]
    provider_ref: Mapped[str | None]
    resend: Mapped[bool] = mapped_column(server_default=true())
    run_date: Mapped[Day]
    batch_id: Mapped[int | None] = mapped_column(BigInteger)
    first_sent_at: Mapped[datetime]
    last_sent_at: Mapped[datetime]
    asks: Mapped[int] = mapped_column(Integer, server_default="0")
    next_at: Mapped[datetime]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    settled_at: Mapped[datetime | None]


class IdempotencyKey(Base):
    """A caller's key and the answer it got, in the transaction of the effect."""

    __tablename__ = "idempotency_key"
    __table_args__ = (Index("idempotency_key_age", "created_at"),)

    caller: Mapped[str] = mapped_column(primary_key=True)
    operation: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    fingerprint: Mapped[str]
    response_status: Mapped[int] = mapped_column(SmallInteger)
    response_headers: Mapped[dict[str, Any]]
    response_body: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class Audit(Base):
    """Who changed what, for whom. Append-only, in the transaction of the change."""

    __tablename__ = "audit"
    __table_args__ = (Index("audit_subject", "subject_id"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    at: Mapped[datetime] = mapped_column(server_default=func.now())
    actor: Mapped[str]
    payer_id: Mapped[str | None]
    action: Mapped[str]
    subject: Mapped[str]
    subject_id: Mapped[str]
    before: Mapped[dict[str, Any] | None]
    after: Mapped[dict[str, Any] | None]
    request_id: Mapped[str | None]


class Pause(Base):
    """A window in which a schedule's events are not paid: `from_date` inclusive, `until_date` exclusive (S9)."""

    __tablename__ = "pause"
    __table_args__ = (
        CheckConstraint("until_date IS NULL OR until_date > from_date", name="window_is_in_order"),
        Index("pause_schedule", "schedule_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    schedule_id: Mapped[UUID] = mapped_column(ForeignKey("schedule.id"))
    from_date: Mapped[Day]
    until_date: Mapped[Day | None]
    reason: Mapped[str | None]
    ended_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class Hold(Base):
    """A stop on payments of a payer, to a payee, or of everything (rule P3)."""

    __tablename__ = "hold"
    __table_args__ = (CheckConstraint("payer_id IS NULL OR payee_id IS NULL", name="names_one_party"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    payer_id: Mapped[str | None]
    payee_id: Mapped[str | None]
    reason: Mapped[str]
    placed_by: Mapped[str]
    placed_at: Mapped[datetime] = mapped_column(server_default=func.now())
    ended_at: Mapped[datetime | None]


class CalendarDay(Base):
    """A day on which a calendar does not work, or (`works`) an operator's exception."""

    __tablename__ = "calendar_day"

    calendar: Mapped[str] = mapped_column(primary_key=True)
    date: Mapped[Day] = mapped_column(primary_key=True)
    name: Mapped[str]
    works: Mapped[bool] = mapped_column(server_default=false())
    source: Mapped[str]
    library_version: Mapped[str | None]
