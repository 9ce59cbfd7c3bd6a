"""Whether answers may come from the cache."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Boolean, CheckConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from shared.db.models.base import Base


class CacheClosure(Base):
    """One row: the cache is closed until then, and when it was closed last."""

    __tablename__ = "cache_closure"
    __table_args__ = (CheckConstraint("single", name="is_one_row"),)

    single: Mapped[bool] = mapped_column(Boolean, primary_key=True, server_default=text("true"))
    closed_at: Mapped[datetime]
    closed_until: Mapped[datetime]
