"""A schedule as it is answered."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from marshmallow.fields import Boolean, Integer, List, Nested, String

from api_service.schemas.event import EventSchema
from api_service.schemas.pause import PauseSchema
from api_service.schemas.reading import Day, Id, PartyId
from api_service.schemas.retry import RetrySchema
from api_service.schemas.writing import (
    WRITTEN_AMOUNT,
    AnswerSchema,
    Instant,
    Money,
    currency_code,
    cursor_of_next,
    row_version,
)
from shared.db.models import Schedule
from shared.db.schedule_view import Standing
from shared.domain.frequency import FREQUENCY_PATTERN, PLACES
from shared.domain.money import format_amount
from shared.domain.recurrence import Rule
from shared.domain.rolling import Convention

LAST_ASKED: Final = {
    "description": "As last asked for: what a change makes of it from a later date is answered at once, while events"
    " before that date keep what held until then."
}


class ScheduleSchema(AnswerSchema):
    """What a payer asked for, and how it stands."""

    id = Id()
    payer_id = PartyId()
    payee_id = PartyId(metadata=LAST_ASKED)
    amount = Money(metadata=LAST_ASKED)
    currency = currency_code()
    start_date = Day(metadata={"description": "From which the last rule counts."})
    dates = List(Day(), allow_none=True, metadata={"description": "Listed one by one; null with another frequency."})
    end_date = Day(allow_none=True)
    count = Integer(
        allow_none=True, metadata={"minimum": 1, "description": "Of all its dates, whatever rule they came of."}
    )
    frequency = String(metadata={**LAST_ASKED, "pattern": f"^({FREQUENCY_PATTERN})$"})
    interval = Integer(metadata={**LAST_ASKED, "minimum": 1})
    reference = String(allow_none=True, metadata=LAST_ASKED)
    first_amount = String(allow_none=True, metadata={**WRITTEN_AMOUNT, **LAST_ASKED})
    final_amount = String(allow_none=True, metadata={**WRITTEN_AMOUNT, **LAST_ASKED})
    month_end = String(metadata={**LAST_ASKED, "enum": [*PLACES]})
    day_convention = String(metadata={**LAST_ASKED, "enum": [*Convention]})
    calendar = String(metadata=LAST_ASKED)
    retry = Nested(RetrySchema, allow_none=True)
    pay_late = Integer(metadata={"minimum": 0})
    is_recurring = Boolean()
    status = String(metadata={"enum": ["active", "paused", "suspended", "completed", "cancelled"]})
    pauses = List(Nested(PauseSchema))
    description = String(metadata={"description": "What it pays now and from a later date on, in one sentence."})
    next_date = Day(
        allow_none=True,
        metadata={"description": "Of its first scheduled event, whose terms may be those before the last change."},
    )
    version = row_version()
    created_at = Instant()


class CreatedScheduleSchema(ScheduleSchema):
    """A new schedule with its first events."""

    events = List(Nested(EventSchema))


class SchedulePageSchema(AnswerSchema):
    """A page of schedules by id."""

    data = List(Nested(ScheduleSchema))
    next_cursor = cursor_of_next()


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
