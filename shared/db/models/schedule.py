"""What users asked for, and when it rests."""

from __future__ import annotations

from datetime import date as Day  # noqa: N812 - the tables have columns named date
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Index,
    Integer,
    SmallInteger,
    func,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from shared.db.models.base import Base


class Schedule(Base):
    """What a user asked for. Its row is the lock for everything that happens to its events (rule S1).

    Its terms are those of its last revision. `written_through` is the last nominal date that has been written,
    `next_sequence` what follows it. `calendar` is the last that its dates follow, at the version they were rolled with;
    NULL where no date depends on one. `retry_days`: working days after a first decline on which it is tried again (rule
    S11).
    """

    __tablename__ = "schedule"
    __table_args__ = (
        CheckConstraint("amount > 0", name="amount_is_positive"),
        CheckConstraint("payer_id <> payee_id", name="payer_is_not_payee"),
        CheckConstraint("currency ~ '^[A-Z]{3}$'", name="currency_is_a_code"),
        CheckConstraint("pay_late BETWEEN 0 AND 31", name="pay_late_in_range"),
        CheckConstraint("status IN ('active', 'cancelled')", name="status_is_known"),
        CheckConstraint("status = 'active' OR extend_on IS NULL", name="cancelled_is_not_extended"),
        CheckConstraint("first_amount > 0 AND final_amount > 0", name="other_amounts_are_positive"),
        CheckConstraint("(calendar IS NULL) = (calendar_version IS NULL)", name="calendar_has_its_version"),
        Index("schedule_payer", "payer_id", "id"),
        Index("schedule_extend", "extend_on", postgresql_where=text("extend_on IS NOT NULL")),
        Index("schedule_calendar", "calendar", "calendar_version", postgresql_where=text("calendar IS NOT NULL")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    payer_id: Mapped[str]
    payee_id: Mapped[str]
    start_date: Mapped[Day]
    end_date: Mapped[Day | None]
    is_recurring: Mapped[bool]
    amount: Mapped[int] = mapped_column(BigInteger)
    first_amount: Mapped[int | None] = mapped_column(BigInteger)
    final_amount: Mapped[int | None] = mapped_column(BigInteger)
    currency: Mapped[str]
    frequency: Mapped[str]
    rule: Mapped[dict[str, Any]]
    reference: Mapped[str | None]
    pay_late: Mapped[int] = mapped_column(SmallInteger)
    retry_days: Mapped[list[int] | None] = mapped_column(ARRAY(SmallInteger))
    status: Mapped[str] = mapped_column(server_default="active")
    revision: Mapped[int] = mapped_column(Integer, server_default="1")
    version: Mapped[int] = mapped_column(Integer, server_default="1")
    next_sequence: Mapped[int] = mapped_column(Integer)
    written_through: Mapped[Day]
    extend_on: Mapped[Day | None]
    calendar: Mapped[str | None]
    calendar_version: Mapped[int | None] = mapped_column(Integer)
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class ScheduleRevision(Base):
    """The terms in force from a nominal date on (rule S2)."""

    __tablename__ = "schedule_revision"
    __table_args__ = (
        CheckConstraint("amount > 0", name="amount_is_positive"),
        CheckConstraint("first_amount > 0 AND final_amount > 0", name="other_amounts_are_positive"),
    )

    schedule_id: Mapped[UUID] = mapped_column(ForeignKey("schedule.id"), primary_key=True)
    revision: Mapped[int] = mapped_column(Integer, primary_key=True)
    from_nominal_date: Mapped[Day]
    rule: Mapped[dict[str, Any]]
    amount: Mapped[int] = mapped_column(BigInteger)
    first_amount: Mapped[int | None] = mapped_column(BigInteger)
    final_amount: Mapped[int | None] = mapped_column(BigInteger)
    payee_id: Mapped[str]
    reference: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class FurtherCalendar(Base):
    """A calendar that some events of a schedule follow beside the one in its row: revisions may name several."""

    __tablename__ = "further_calendar"
    __table_args__ = (Index("further_calendar_version", "calendar", "version"),)

    schedule_id: Mapped[UUID] = mapped_column(ForeignKey("schedule.id"), primary_key=True)
    calendar: Mapped[str] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(Integer)


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
