"""Where the provider's record and ours differ."""

from __future__ import annotations

from datetime import date as Day  # noqa: N812 - the tables have columns named date
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, func, text
from sqlalchemy.orm import Mapped, mapped_column

from shared.db.models.base import Base, one_of
from shared.domain.reconciliation import DIFFERENCES


class ReconcileItem(Base):
    """One difference, for a person to look at; open until `settled_at`.

    `payment_id` is "" where the provider has no payment. `ours` and `theirs`: what either side said when it was found
    last. One that is found again is the same item, and open again.
    """

    __tablename__ = "reconcile_item"
    __table_args__ = (
        CheckConstraint(one_of("kind", DIFFERENCES), name="kind_is_known"),
        UniqueConstraint("idempotency_key", "payment_id", "kind", name="reconcile_item_found_once"),
        Index("reconcile_item_open", "day", "id", postgresql_where=text("settled_at IS NULL")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    day: Mapped[Day]
    kind: Mapped[str]
    idempotency_key: Mapped[str]
    payment_id: Mapped[str]
    event_id: Mapped[UUID | None]
    event_date: Mapped[Day | None]
    ours: Mapped[dict[str, Any] | None]
    theirs: Mapped[dict[str, Any] | None]
    found_at: Mapped[datetime] = mapped_column(server_default=func.now())
    settled_at: Mapped[datetime | None]
