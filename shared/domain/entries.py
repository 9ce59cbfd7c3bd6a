"""Entries: events as the rules of editing see them, stored or about to be."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date as Day  # noqa: N812 - an event has a field named date
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from shared.domain.lifecycle import CancelReason, EventStatus
from shared.domain.timeline import Occurrence


@dataclass(frozen=True, slots=True)
class Entry:
    """One event with all that is answered of it; `id` is None while it is not stored. `amount` in minor units."""

    id: UUID | None
    schedule_id: UUID
    payer_id: str
    payee_id: str
    sequence: int
    nominal_date: Day
    date: Day
    amount: int
    currency: str
    reference: str | None
    status: str = EventStatus.SCHEDULED
    cancel_reason: str | None = None
    overridden: bool = False
    failure_code: str | None = None
    retry_on: Day | None = None
    transaction_id: UUID | None = None
    attempt: int = 1
    first_sent_at: datetime | None = None
    version: int = 1
    revision: int = 1

    @property
    def is_scheduled(self) -> bool:
        """Whether its run pays it."""
        return self.status == EventStatus.SCHEDULED

    @property
    def waits_for_retry(self) -> bool:
        """Whether it was declined and is tried again on its retry day."""
        return self.status == EventStatus.FAILED and self.retry_on is not None


class Window(NamedTuple):
    """A pause: covers dates from `from_date` on, before `until_date`; None: until it is ended (rule S9)."""

    from_date: Day
    until_date: Day | None

    def covers(self, day: Day) -> bool:
        """Whether events of that date rest."""
        return self.from_date <= day and (self.until_date is None or day < self.until_date)


def covered(day: Day, pauses: Iterable[Window]) -> bool:
    """Whether any of the windows covers the day; they may overlap."""
    return any(window.covers(day) for window in pauses)


def changed(entry: Entry, **values: object) -> Entry:
    """The entry with other values and, if any differs, a version more."""
    after = replace(entry, **values)  # type: ignore[arg-type]
    return after if after == entry else replace(after, version=entry.version + 1)


def cancelled(entry: Entry, reason: CancelReason) -> Entry:
    """The entry that will not be paid; what waits for a retry gives it up."""
    return changed(entry, status=EventStatus.CANCELLED, cancel_reason=reason, retry_on=None)


def settled_status(status: str, day: Day, pauses: Sequence[Window], next_open: Day) -> EventStatus:
    """Whether an open event of that date is scheduled or paused.

    A paused one whose date has passed stays paused for good, whatever ended (rule S9).
    """
    if covered(day, pauses) or (status == EventStatus.PAUSED and day < next_open):
        return EventStatus.PAUSED
    return EventStatus.SCHEDULED


def with_terms(entry: Entry, occurrence: Occurrence) -> Entry:
    """The entry with the amount, payee and reference of the revision in force on its nominal date (rule S2)."""
    terms, revision = occurrence.revision.terms, occurrence.revision.number
    return changed(
        entry, amount=occurrence.amount, payee_id=terms.payee_id, reference=terms.reference, revision=revision
    )
