"""A schedule as it stands, as an answer."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from flask import Response

from api_service.conditional import json_text, tagged
from api_service.schemas.schedule import ScheduleSchema, present_schedule
from api_service.service import current_service
from shared.db import schedule_view
from shared.db.clock import business_now
from shared.db.engine import Session
from shared.db.models import Schedule


def answer_schedule(session: Session, schedule: Schedule) -> Response:
    """Always whole: a payment changes `nextDate` and `status` without a new version, so a 304 would hide it."""
    return tagged(json_text(ScheduleSchema().dump(view_schedule(session, schedule))), schedule.version)


def view_schedule(session: Session, schedule: Schedule) -> Mapping[str, Any]:
    """What `ScheduleSchema` writes of a schedule as it stands in this transaction."""
    [standing] = schedule_view.standings(session, [schedule], today(session))
    return present_schedule(schedule, standing)


def today(session: Session) -> date:
    """The business day of this transaction."""
    return business_now(session, current_service().settings.business).today
