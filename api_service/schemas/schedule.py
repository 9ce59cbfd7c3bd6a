"""A schedule as it is answered."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from marshmallow.fields import Boolean, Integer, List, Nested, String

from api_service.schemas.event import EventSchema
from api_service.schemas.pause import PauseSchema
from api_service.schemas.reading import Day, Id
from api_service.schemas.retry import RetrySchema
from api_service.schemas.writing import AnswerSchema, Instant, Money
from shared.db.models import Schedule
from shared.db.schedule_view import Standing
from shared.domain.money import format_amount
from shared.domain.recurrence import Rule

LAST_ASKED: Final = {
    "description": "As last asked for: what a change makes of it from a later date is answered at once, while events"
    " before that date keep what held until then."
}


class ScheduleSchema(AnswerSchema):
    """What a payer asked for, and how it stands."""

    id = Id()
    payer_id = String()
    payee_id = String(metadata=LAST_ASKED)
    amount = Money(metadata={**LAST_ASKED, "example": "25.00"})
    currency = String()
    start_date = Day(metadata={"description": "From which the last rule counts."})
    dates = List(Day(), allow_none=True, metadata={"description": "Listed one by one; null with another frequency."})
    end_date = Day(allow_none=True)
    count = Integer(allow_none=True, metadata={"description": "Of all its dates, whatever rule they came of."})
    frequency = String(metadata=LAST_ASKED)
    interval = Integer(metadata=LAST_ASKED)
    reference = String(allow_none=True, metadata=LAST_ASKED)
    first_amount = String(allow_none=True, metadata=LAST_ASKED)
    final_amount = String(allow_none=True, metadata=LAST_ASKED)
    month_end = String(metadata=LAST_ASKED)
    day_convention = String(metadata=LAST_ASKED)
    calendar = String(metadata=LAST_ASKED)
    retry = Nested(RetrySchema, allow_none=True)
    pay_late = Integer()
    is_recurring = Boolean()
    status = String(metadata={"enum": ["active", "paused", "suspended", "completed", "cancelled"]})
    pauses = List(Nested(PauseSchema))
    description = String(metadata={"description": "What it pays now and from a later date on, in one sentence."})
    next_date = Day(
        allow_none=True,
        metadata={"description": "Of its first scheduled event, whose terms may be those before the last change."},
    )
    version = Integer()
    created_at = Instant()


class CreatedScheduleSchema(ScheduleSchema):
    """A new schedule with its first events."""

    events = List(Nested(EventSchema))


class SchedulePageSchema(AnswerSchema):
    """A page of schedules by id."""

    data = List(Nested(ScheduleSchema))
    next_cursor = String(allow_none=True)


def present_schedule(schedule: Schedule, standing: Standing) -> Mapping[str, Any]:
    """What `ScheduleSchema` writes."""
    rule = Rule.from_json(schedule.rule)
    return {
        "id": schedule.id,
        "payer_id": schedule.payer_id,
        "payee_id": schedule.payee_id,
        "amount": schedule.amount,
        "currency": schedule.currency,
        "start_date": rule.start_date,
        "dates": list(rule.dates) or None,
        "end_date": rule.end_date,
        "count": rule.count,
        "frequency": rule.frequency,
        "interval": rule.interval,
        "reference": schedule.reference,
        "first_amount": _money(schedule.first_amount, schedule.currency),
        "final_amount": _money(schedule.final_amount, schedule.currency),
        "month_end": rule.month_end,
        "day_convention": rule.day_convention,
        "calendar": rule.calendar,
        "retry": schedule.retry_days and {"days": schedule.retry_days},
        "pay_late": schedule.pay_late,
        "is_recurring": schedule.is_recurring,
        "status": standing.status,
        "pauses": standing.pauses,
        "description": standing.description,
        "next_date": standing.next_date,
        "version": schedule.version,
        "created_at": schedule.created_at,
    }


def _money(minor: int | None, currency: str) -> str | None:
    return None if minor is None else format_amount(minor, currency)
