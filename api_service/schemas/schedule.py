"""A schedule as it is answered."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from marshmallow.fields import Boolean, Integer, List, Nested, Raw, String

from api_service.schemas.event import EventSchema
from api_service.schemas.reading import Day, Id
from api_service.schemas.writing import AnswerSchema, Instant, Money
from shared.db.models import Schedule
from shared.db.schedule_view import Standing
from shared.domain.description import describe
from shared.domain.recurrence import Rule


class ScheduleSchema(AnswerSchema):
    """What a payer asked for, and how it stands."""

    id = Id()
    payer_id = String()
    payee_id = String()
    amount = Money(metadata={"example": "25.00"})
    currency = String()
    start_date = Day()
    end_date = Day(allow_none=True)
    count = Integer(allow_none=True)
    frequency = String()
    interval = Integer()
    reference = String(allow_none=True)
    first_amount = String(allow_none=True)
    final_amount = String(allow_none=True)
    month_end = String()
    day_convention = String()
    calendar = String(allow_none=True)
    retry = Raw(allow_none=True)
    pay_late = Integer()
    is_recurring = Boolean()
    status = String(metadata={"enum": ["active", "paused", "suspended", "completed", "cancelled"]})
    pauses = List(Raw())
    description = String(metadata={"description": "The schedule in one sentence."})
    next_date = Day(allow_none=True, metadata={"description": "Of its first scheduled event."})
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
        "end_date": rule.end_date,
        "count": rule.count,
        "frequency": rule.frequency,
        "interval": rule.interval,
        "reference": schedule.reference,
        "first_amount": None,
        "final_amount": None,
        "month_end": rule.month_end,
        "day_convention": "none",
        "calendar": None,
        "retry": None,
        "pay_late": schedule.pay_late,
        "is_recurring": schedule.is_recurring,
        "status": standing.status,
        "pauses": [],
        "description": describe(rule, schedule.amount, schedule.currency),
        "next_date": standing.next_date,
        "version": schedule.version,
        "created_at": schedule.created_at,
    }
