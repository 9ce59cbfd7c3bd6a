"""Plans: what schedules mean, read in a fixed number of statements however many they are."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from sqlalchemy import select

from shared.db import calendars, pauses
from shared.db.calendars import LoadedCalendar
from shared.db.engine import Session
from shared.db.models import Schedule, ScheduleRevision
from shared.domain.entries import Window
from shared.domain.errors import DomainError
from shared.domain.recurrence import Rule
from shared.domain.timeline import Revision, Terms, Timeline

UNREADABLE: Final = (DomainError, ValueError, KeyError, TypeError, AttributeError)
"""What `read` raises for a rule that is none, or one of a newer version."""

FIRST: Final = 1
"""The revision that a schedule begins with; its row says the same as the schedule's own."""


@dataclass(frozen=True, slots=True)
class Plan:
    """A schedule's timeline, when it rests, and the calendars it was read with."""

    timeline: Timeline
    pauses: list[Window]
    loaded: Mapping[str, LoadedCalendar]

    @property
    def followed(self) -> dict[str, int]:
        """The calendars that its dates follow with the versions they were read at; the last revision's is the last.

        Also of revisions before the last: events that lie there follow theirs.
        """
        codes = [item.rule.calendar for item in reversed(self.timeline.revisions) if item.rule.needs_calendar]
        return {code: self.loaded[code].version for code in reversed(dict.fromkeys(codes))}


def read(session: Session, schedules: Collection[Schedule]) -> dict[UUID, Plan]:
    """The plan of each of these. Raises one of `UNREADABLE`."""
    revisions = read_revisions(session, schedules)
    rules = [revision.rule for several in revisions.values() for revision in several]
    loaded = read_calendars(session, rules)
    resting = pauses.of_schedules(session, [schedule.id for schedule in schedules])
    days = {code: item.calendar for code, item in loaded.items()}
    return {
        schedule.id: Plan(
            Timeline.of(revisions[schedule.id], days), pauses.windows(resting.get(schedule.id, [])), loaded
        )
        for schedule in schedules
    }


def read_calendars(session: Session, rules: Collection[Rule]) -> dict[str, LoadedCalendar]:
    """The calendars that these rules depend on."""
    return calendars.read(session, {rule.calendar for rule in rules if rule.needs_calendar})


def read_pauses(session: Session, schedule: Schedule) -> list[Window]:
    """The windows in which one schedule rests."""
    return pauses.windows(pauses.of_schedules(session, [schedule.id]).get(schedule.id, []))


def add_revisions(session: Session, schedule: Schedule, revisions: Collection[Revision]) -> None:
    """Writes further revisions of a schedule whose row the caller has locked."""
    session.add_all(
        ScheduleRevision(
            schedule_id=schedule.id,
            revision=revision.number,
            from_nominal_date=revision.from_date,
            rule=revision.rule.to_json(),
            amount=revision.terms.amount,
            first_amount=revision.terms.first_amount,
            final_amount=revision.terms.final_amount,
            payee_id=revision.terms.payee_id,
            reference=revision.terms.reference,
        )
        for revision in revisions
    )
    session.flush()


def terms_of(row: Schedule | ScheduleRevision) -> Terms:
    """The terms that a row holds."""
    return Terms(row.amount, row.payee_id, row.reference, row.first_amount, row.final_amount)


def read_revisions(session: Session, schedules: Collection[Schedule]) -> dict[UUID, list[Revision]]:
    """All revisions of each of these, in one statement, in none where none was changed. Raises one of `UNREADABLE`."""
    found: dict[UUID, list[Revision]] = defaultdict(list)
    revised = []
    for schedule in schedules:
        if schedule.revision == FIRST:
            rule = Rule.from_json(schedule.rule)
            found[schedule.id].append(Revision(FIRST, rule.start_date, rule, terms_of(schedule)))
        else:
            revised.append(schedule.id)
    if revised:
        for row in session.scalars(select(ScheduleRevision).where(ScheduleRevision.schedule_id.in_(revised))):
            revision = Revision(row.revision, row.from_nominal_date, Rule.from_json(row.rule), terms_of(row))
            found[row.schedule_id].append(revision)
    return found
