"""Stops and days on which nobody works."""

from __future__ import annotations

from datetime import date as Day  # noqa: N812 - the tables have columns named date
from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    false,
    func,
)
from sqlalchemy.orm import Mapped, mapped_column

from shared.db.models.base import Base


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
