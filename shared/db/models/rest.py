"""Stops and days on which nobody works."""

from __future__ import annotations

from datetime import date as Day  # noqa: N812 - the tables have columns named date
from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    CheckConstraint,
    Index,
    Integer,
    SmallInteger,
    false,
    func,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from shared.db.models.base import Base


class Hold(Base):
    """A stop on payments of a payer, to a payee, or of everything (rule P3)."""

    __tablename__ = "hold"
    __table_args__ = (
        CheckConstraint("payer_id IS NULL OR payee_id IS NULL", name="names_one_party"),
        Index("hold_active", "placed_at", postgresql_where=text("ended_at IS NULL")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    payer_id: Mapped[str | None]
    payee_id: Mapped[str | None]
    reason: Mapped[str]
    placed_by: Mapped[str]
    placed_at: Mapped[datetime] = mapped_column(server_default=func.now())
    ended_at: Mapped[datetime | None]


class Calendar(Base):
    """A calendar's years that are loaded, and its version: it grows whenever a day of them changes.

    `weekend` holds the weekdays on which nobody works, 0 = Monday.
    """

    __tablename__ = "calendar"
    __table_args__ = (CheckConstraint("first_year <= last_year", name="years_are_in_order"),)

    code: Mapped[str] = mapped_column(primary_key=True)
    weekend: Mapped[list[int]] = mapped_column(ARRAY(SmallInteger))
    first_year: Mapped[int] = mapped_column(SmallInteger)
    last_year: Mapped[int] = mapped_column(SmallInteger)
    version: Mapped[int] = mapped_column(Integer, server_default="1")
    library_version: Mapped[str]
    changed_at: Mapped[datetime] = mapped_column(server_default=func.now())


class CalendarDay(Base):
    """A day on which a calendar does not work, or (`works`) an exception: a day of the weekend that is worked, or an
    operator's.

    `source` is `library` or `operator`; an operator's row hides the library's.
    """

    __tablename__ = "calendar_day"

    calendar: Mapped[str] = mapped_column(primary_key=True)
    date: Mapped[Day] = mapped_column(primary_key=True)
    name: Mapped[str]
    works: Mapped[bool] = mapped_column(server_default=false())
    source: Mapped[str]
    library_version: Mapped[str | None]
