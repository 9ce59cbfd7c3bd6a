"""How the provider is, as all workers see it together."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, Integer
from sqlalchemy.orm import Mapped, mapped_column

from shared.db.models.base import Base


class Provider(Base):
    """One provider's breaker and rate, shared by all workers.

    `shut_until`: nothing is sent before; `trips`: how often in a row it was shut. `allowance`: how many batches may be
    under way while it recovers; NULL: any number. `next_call_at`: the first instant that no call has reserved;
    `reserved_at`: when that was said.
    """

    __tablename__ = "provider"
    __table_args__ = (CheckConstraint("allowance > 0", name="allowance_is_positive"),)

    name: Mapped[str] = mapped_column(primary_key=True)
    shut_until: Mapped[datetime | None]
    trips: Mapped[int] = mapped_column(Integer, server_default="0")
    allowance: Mapped[int | None] = mapped_column(Integer)
    next_call_at: Mapped[datetime | None]
    reserved_at: Mapped[datetime | None]
    reason: Mapped[str | None]
