"""What payers and payees are still to be told."""

from __future__ import annotations

from datetime import date as Day  # noqa: N812 - the tables have columns named date
from datetime import datetime
from uuid import UUID

from sqlalchemy import ARRAY, BigInteger, CheckConstraint, Identity, Index, Integer, Text, Uuid, func, text
from sqlalchemy.orm import Mapped, mapped_column

from shared.db.models.base import Base


class Outbox(Base):
    """What is left to tell of one statement's facts, written in their transaction; it goes when the receiver has all.

    paid      The payments between two ids of a date that this batch made (or `ids` of them): to payer and payee.
    upcoming  What is still scheduled between two ids of a date: to the payer.
    missed    Payments of a date that a closing gave up (`ids`): to the payer.
    facts     Notices as they stand, each whole JSON.

    waiting  To be sent at `next_at`. A sender that has it is known by `epoch`, until `next_at`. A crash leaves it.
    dead     Given up after `tries` failed calls, the last of which said `last_error`; an operator may send it again.
    """

    __tablename__ = "outbox"
    __table_args__ = (
        CheckConstraint("kind IN ('paid', 'upcoming', 'missed', 'facts')", name="kind_is_known"),
        CheckConstraint("(kind = 'facts') = (notices IS NOT NULL)", name="facts_are_written_out"),
        CheckConstraint("(kind = 'facts') = (date IS NULL)", name="the_others_stand_under_a_date"),
        CheckConstraint("(kind = 'paid') = (batch_id IS NOT NULL)", name="paid_by_a_batch"),
        CheckConstraint("state IN ('waiting', 'dead')", name="state_is_known"),
        Index("outbox_waiting", "next_at", postgresql_where=text("state = 'waiting'")),
        Index(
            "outbox_fresh_facts",
            "next_at",
            postgresql_where=text("state = 'waiting' AND kind = 'facts' AND tries = 0"),
        ),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    kind: Mapped[str]
    batch_id: Mapped[int | None] = mapped_column(BigInteger)
    date: Mapped[Day | None]
    first_id: Mapped[UUID | None]
    last_id: Mapped[UUID | None]
    ids: Mapped[list[UUID] | None] = mapped_column(ARRAY(Uuid(as_uuid=True)))
    notices: Mapped[list[str] | None] = mapped_column(ARRAY(Text))
    state: Mapped[str] = mapped_column(server_default="waiting")
    tries: Mapped[int] = mapped_column(Integer, server_default="0")
    epoch: Mapped[int] = mapped_column(Integer, server_default="0")
    next_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    last_error: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())


class Receiver(Base):
    """An address that notices go to, once it was in trouble, by the SHA-256 of its URL: that may hold a password.

    Nobody calls it before `wait_until`, which lies further ahead the more often in a row it failed; from `gone_at` on,
    nobody does at all.
    """

    __tablename__ = "receiver"

    url_hash: Mapped[str] = mapped_column(primary_key=True)
    failures: Mapped[int] = mapped_column(Integer, server_default="0")
    wait_until: Mapped[datetime | None]
    gone_at: Mapped[datetime | None]


class Upcoming(Base):
    """A date whose payments their payers are told of ahead. `through`: the last id that is in the outbox."""

    __tablename__ = "upcoming"

    date: Mapped[Day] = mapped_column(primary_key=True)
    through: Mapped[UUID | None]
    whole_at: Mapped[datetime | None]
