"""What callers may repeat, and who changed what."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    CheckConstraint,
    Identity,
    Index,
    SmallInteger,
    Text,
    func,
)
from sqlalchemy.orm import Mapped, mapped_column

from shared.db.models.base import Base


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
    touched: Mapped[list[str]] = mapped_column(ARRAY(Text))
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


class AuditSeal(Base):
    """A link of the audit's chain. Append-only; it names its row without a foreign key, to stand when that is gone."""

    __tablename__ = "audit_seal"
    __table_args__ = (
        CheckConstraint("octet_length(hash) = 32", name="hash_is_whole"),
        CheckConstraint("position >= 1", name="position_counts_from_one"),
    )

    position: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    audit_id: Mapped[int] = mapped_column(BigInteger, unique=True)
    hash: Mapped[bytes]
    sealed_at: Mapped[datetime]


class AuditWaiting(Base):
    """A row of the audit that waits for its seal: a trigger notes it in the transaction that writes the row."""

    __tablename__ = "audit_waiting"

    audit_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    since: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
