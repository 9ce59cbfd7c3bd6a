"""Entries: the events of a schedule as editing sees them, read under its lock and written back in one go."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import fields, replace
from datetime import date
from typing import Any, Final, NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, or_, select, text

from shared.db import late
from shared.db.engine import Session
from shared.db.late import Payable
from shared.db.models import Event, FinalDecline, Schedule
from shared.db.runs import Gate
from shared.domain.books import Heading
from shared.domain.edits import FREES_ITS_DATE, USED
from shared.domain.entries import Entry
from shared.domain.lifecycle import EDITABLE, OPEN, CancelReason, EventStatus
from shared.domain.retries import RETRY_OVER
from shared.domain.revising import Standpoint
from shared.ids import new_ids

STORED: Final = tuple(Event.__table__.c[field.name] for field in fields(Entry))
"""The columns of an entry, in the order of its fields."""

INSERT = text("""
INSERT INTO event (date, id, schedule_id, payer_id, payee_id, amount, currency, reference, nominal_date, sequence,
  revision, status)
SELECT * FROM unnest(CAST(:date AS date[]), CAST(:id AS uuid[]), CAST(:schedule_id AS uuid[]),
  CAST(:payer_id AS text[]), CAST(:payee_id AS text[]), CAST(:amount AS bigint[]), CAST(:currency AS text[]),
  CAST(:reference AS text[]), CAST(:nominal_date AS date[]), CAST(:sequence AS int[]), CAST(:revision AS int[]),
  CAST(:status AS text[]))
""")
INSERTED: Final = (
    "date",
    "id",
    "schedule_id",
    "payer_id",
    "payee_id",
    "amount",
    "currency",
    "reference",
    "nominal_date",
    "sequence",
    "revision",
    "status",
)

# By key, and guarded by the version that was read: an event that a worker claimed meanwhile is not there any more.
UPDATE = text("""
UPDATE event e SET date = c.date, amount = c.amount, payee_id = c.payee_id, reference = c.reference,
  sequence = c.sequence, status = c.status, cancel_reason = c.cancel_reason, overridden = c.overridden,
  retry_on = c.retry_on, version = c.version, revision = c.revision
FROM unnest(CAST(:before_date AS date[]), CAST(:id AS uuid[]), CAST(:before_version AS int[]),
  CAST(:date AS date[]), CAST(:amount AS bigint[]), CAST(:payee_id AS text[]), CAST(:reference AS text[]),
  CAST(:sequence AS int[]), CAST(:status AS text[]), CAST(:cancel_reason AS text[]), CAST(:overridden AS boolean[]),
  CAST(:retry_on AS date[]), CAST(:version AS int[]), CAST(:revision AS int[]))
  AS c (before_date, id, before_version, date, amount, payee_id, reference, sequence, status, cancel_reason,
    overridden, retry_on, version, revision)
WHERE e.date = c.before_date AND e.id = c.id AND e.version = c.before_version
""")
UPDATED: Final = (
    "date",
    "amount",
    "payee_id",
    "reference",
    "sequence",
    "status",
    "cancel_reason",
    "overridden",
    "retry_on",
    "version",
    "revision",
)

Move = tuple[Entry, Entry]
"""An event before and after."""


class Numbered(NamedTuple):
    """The place of an event among those of its schedule; that of a skipped one may be out of date."""

    nominal_date: date
    sequence: int
    is_skipped: bool


def lock(
    session: Session, schedule: Schedule, *, since: date = date.min, statuses: Collection[str] | None = None
) -> list[Entry]:
    """A schedule's events with nominal dates from `since` on, FOR UPDATE; the caller has locked the schedule.

    `statuses`: only those of them.

    In (date, id) order: two that lock the same events otherwise meet in the middle.
    """
    wanted = Event.nominal_date >= since
    return _locked(session, schedule, wanted if statuses is None else and_(wanted, Event.status.in_(sorted(statuses))))


def lock_to_edit(session: Session, schedule: Schedule, since: date) -> list[Entry]:
    """As `lock` does, with what is open before `since`."""
    return _locked(session, schedule, or_(Event.nominal_date >= since, Event.status.in_(sorted(EDITABLE))))


def lock_one(session: Session, payer_id: str, event_id: UUID) -> Entry:
    """An event FOR UPDATE, as it stands now; the caller has locked its schedule. Raises NoResultFound."""
    query = select(*STORED).where(Event.payer_id == payer_id, Event.id == event_id)
    return Entry(*session.execute(query.with_for_update()).one())


def standpoint(session: Session, schedule: Schedule, next_open: date) -> Standpoint:
    """Where the schedule is: what of it is open and what is used up."""
    own = and_(Event.payer_id == schedule.payer_id, Event.schedule_id == schedule.id)
    editable = or_(
        Event.status == EventStatus.SCHEDULED, and_(Event.status == EventStatus.PAUSED, Event.date >= next_open)
    )
    first_editable = select(func.min(Event.nominal_date)).where(own, editable).scalar_subquery()
    used = Event.status.in_(sorted(USED))
    given_up = func.coalesce(Event.cancel_reason, "") == CancelReason.GIVEN_UP
    since = Event.nominal_date >= func.least(first_editable, next_open)
    query = select(
        first_editable,
        func.min(Event.nominal_date).filter(Event.status.in_(sorted(OPEN))),
        func.max(Event.nominal_date).filter(used),
        *(
            func.array_agg(Event.nominal_date).filter(since, kind)
            for kind in (
                or_(used, given_up),
                and_(editable, Event.overridden),
                editable & (Event.nominal_date < next_open),
            )
        ),
    ).where(own)
    first, first_open, last_used, *several = session.execute(query).one()
    used_up, overridden, due = (frozenset(days or ()) for days in several)
    return Standpoint(first, first_open, last_used, next_open, used_up, overridden, due)


def numbered_before(session: Session, schedule: Schedule, nominal_date: date) -> list[Numbered]:
    """The events before a nominal date that may have a place among those of the schedule."""
    has_place = or_(
        Event.status != EventStatus.CANCELLED, Event.cancel_reason.in_((CancelReason.SKIPPED, CancelReason.GIVEN_UP))
    )
    is_skipped = func.coalesce(Event.cancel_reason, "") == CancelReason.SKIPPED
    query = select(Event.nominal_date, Event.sequence, is_skipped).where(
        Event.payer_id == schedule.payer_id,
        Event.schedule_id == schedule.id,
        Event.nominal_date < nominal_date,
        has_place,
    )
    return [Numbered(*row) for row in session.execute(query)]


def taken_dates(session: Session, schedules: Sequence[Schedule]) -> dict[UUID, set[date]]:
    """Nominal dates after what is written of each schedule that an event holds already (rule S3).

    After a new rule such an event may be left of the old one: skipped, or kept because it was edited by itself.
    """
    if not schedules:
        return {}
    query = (
        select(Event.schedule_id, Event.nominal_date)
        .join(Schedule, Schedule.id == Event.schedule_id)
        .where(
            Event.payer_id.in_({schedule.payer_id for schedule in schedules}),
            Event.schedule_id.in_([schedule.id for schedule in schedules]),
            Event.nominal_date > Schedule.written_through,
            func.coalesce(Event.cancel_reason, "").not_in(FREES_ITS_DATE),
        )
    )
    found: dict[UUID, set[date]] = defaultdict(set)
    for schedule_id, nominal_date in session.execute(query):
        found[schedule_id].add(nominal_date)
    return found


def insert(session: Session, entries: Sequence[Entry]) -> list[Entry]:
    """Writes new events in one statement; answers them with their ids."""
    if not entries:
        return []
    stored = [replace(entry, id=event_id) for entry, event_id in zip(entries, new_ids(len(entries)), strict=True)]
    session.execute(INSERT, {name: [getattr(entry, name) for entry in stored] for name in INSERTED})
    return stored


def apply(session: Session, gate: Gate, moves: Sequence[Move], new: Sequence[Entry] = ()) -> list[Entry]:
    """Writes what an edit decided, in a fixed number of statements; answers the new events with their ids.

    Each run's books say what left it and what it took on, and what became payable by tomorrow gets its batch in the
    same transaction (rules D4, D6).
    """
    if moves:
        result = session.connection().execute(UPDATE, update_values(moves))
        assert result.rowcount == len(moves), "events changed under their lock"  # noqa: S101
    stored = insert(session, new)
    book(session, gate, moves, stored)
    return stored


def update_values(moves: Sequence[Move]) -> dict[str, list[Any]]:
    """What `UPDATE` is given for these."""
    values = {name: [getattr(after, name) for _, after in moves] for name in UPDATED}
    values["id"] = [before.id for before, _ in moves]
    values["before_date"] = [before.date for before, _ in moves]
    values["before_version"] = [before.version for before, _ in moves]
    return values


def _locked(session: Session, schedule: Schedule, wanted: ColumnElement[bool]) -> list[Entry]:
    query = (
        select(*STORED)
        .where(Event.payer_id == schedule.payer_id, Event.schedule_id == schedule.id, wanted)
        .order_by(Event.date, Event.id)
        .with_for_update()
    )
    return [Entry(*row) for row in session.execute(query)]


def book(session: Session, gate: Gate, moves: Sequence[Move], new: Sequence[Entry]) -> None:
    """Books what events that are written already leave and join, and gives what is payable by tomorrow its batch."""
    left = [before for before, after in moves if before.is_scheduled and not _stays(before, after)]
    back = [after for before, after in moves if after.is_scheduled and not _stays(before, after)]
    repriced = [(before, after) for before, after in moves if _stays(before, after) and before.amount != after.amount]
    dropped = [move for move in moves if move[0].waits_for_retry and not move[1].waits_for_retry]
    late.withdraw(session, gate, map(payable, left))
    for status, heading in ((EventStatus.CANCELLED, Heading.WITHDRAWN), (EventStatus.FAILED, Heading.DECLINED)):
        given_up = [
            (payable(before), before.retry_on)
            for before, after in dropped
            if after.status == status and before.retry_on is not None
        ]
        late.drop_retries(session, gate, given_up, heading)
    session.add_all(
        FinalDecline(schedule_id=before.schedule_id, event_id=before.id, code=RETRY_OVER)
        for before, after in dropped
        if after.status == EventStatus.FAILED
    )
    late.add(session, gate, [payable(entry) for entry in new if entry.is_scheduled])
    late.take_back(session, gate, [payable(entry) for entry in back])
    late.reprice(session, gate, [(payable(after), after.amount - before.amount) for before, after in repriced])


def _stays(before: Entry, after: Entry) -> bool:
    """Whether it was and is scheduled for the same day."""
    return before.is_scheduled and after.is_scheduled and before.date == after.date


def payable(entry: Entry) -> Payable:
    """A stored event as the books see it."""
    assert entry.id is not None  # noqa: S101 - stored ones have one
    return Payable(entry.date, entry.id, entry.currency, entry.amount)
