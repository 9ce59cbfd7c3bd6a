"""What users do to a schedule whose first event is due today, and what becomes of that event, for tests."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy.orm import Session

from api_service.commands.cancel_event import cancel_event
from api_service.commands.cancel_schedule import cancel_schedule
from api_service.commands.pause_schedule import pause_schedule
from api_service.commands.restore_event import restore_event
from api_service.commands.resume_schedule import resume_schedule
from api_service.commands.update_event import update_event
from api_service.commands.update_schedule import update_schedule
from shared.db.models import Event
from shared.domain.edits import Overridden
from shared.domain.revising import ScheduleChange
from tests.world import ACT, ANY_VERSION, World


class Subject(NamedTuple):
    """A schedule with its first event; `pause_id` of the pause that it begins with."""

    world: World
    schedule_id: UUID
    event_id: UUID
    pause_id: UUID | None = None

    def event(self) -> Event:
        """The first event as it stands."""
        (event,) = (event for event in self.world.events(self.schedule_id) if event.id == self.event_id)
        return event


Work = Callable[[Session], object]
Edit = Callable[[Subject], Work]


def apply(subject: Subject, edit: Edit) -> object:
    """Does it, in a transaction of its own."""
    return subject.world.transact(edit(subject))


def change(from_date: date | None = None, overridden: Overridden | None = None, rule: Any = None, **terms: Any) -> Edit:
    """A change of the whole schedule, or from a date on."""
    asked = ScheduleChange(rule=rule or {}, terms=terms, from_date=from_date, overridden=overridden)
    return lambda subject: _command(
        subject,
        update_schedule,
        schedule_id=subject.schedule_id,
        precondition=ANY_VERSION,
        read=lambda _: asked,
        dry_run=False,
    )


def edit_event(**values: Any) -> Edit:
    """A change of the first event alone."""
    return lambda subject: _command(
        subject, update_event, event_id=subject.event_id, precondition=ANY_VERSION, read=lambda _: values
    )


def skip(subject: Subject) -> Work:
    """The first event is skipped."""
    return _command(subject, cancel_event, event_id=subject.event_id, precondition=ANY_VERSION)


def restore(subject: Subject) -> Work:
    """The first event, which was skipped, is taken back."""
    return _command(subject, restore_event, event_id=subject.event_id)


def cancel(subject: Subject) -> Work:
    """The whole schedule is cancelled."""
    return _command(subject, cancel_schedule, schedule_id=subject.schedule_id, precondition=ANY_VERSION)


def pause(from_date: date, until_date: date | None = None) -> Edit:
    """The schedule rests from a date on."""
    return lambda subject: _command(
        subject, pause_schedule, schedule_id=subject.schedule_id, from_date=from_date, until_date=until_date
    )


def resume(subject: Subject) -> Work:
    """The pause that the schedule began with ends."""
    return _command(
        subject,
        resume_schedule,
        schedule_id=subject.schedule_id,
        pause_id=subject.pause_id,
        precondition=ANY_VERSION,
    )


def subject_of(world: World, *, before: Edit | None = None, **terms: Any) -> Subject:
    """A monthly schedule of six dates from today, changed by `before` first."""
    schedule_id = world.schedule(**{"frequency": "monthly", "count": 6, **terms})
    subject = Subject(world, schedule_id, world.events(schedule_id)[0].id)
    if before is None:
        return subject
    made = apply(subject, before)
    return subject._replace(pause_id=getattr(made, "id", None))


def _command(subject: Subject, command: Callable[..., object], **arguments: Any) -> Work:
    settings = subject.world.service.settings
    return lambda session: command(session, settings, ACT, payer_id=None, **arguments)
