"""Reading what a caller wants other: the fields' forms first, then what they mean for this schedule or event."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from api_service.schemas.event_patch import EventPatch
from api_service.schemas.schedule_patch import SchedulePatch
from api_service.terms import POINTERS, check_parties, read_amount
from api_service.validation import load
from shared.db.models import Schedule
from shared.domain.edits import Overridden
from shared.domain.entries import Entry
from shared.domain.errors import FieldProblem, Invalid
from shared.domain.frequency import Frequency
from shared.domain.revising import ScheduleChange
from shared.holiday_library import is_calendar
from shared.settings import Settings

RULE: Final = (
    "start_date",
    "frequency",
    "interval",
    "end_date",
    "count",
    "month_end",
    "day_convention",
    "calendar",
    "dates",
)
DEFAULTS: Final[Mapping[str, Any]] = {"interval": 1, "month_end": "clamp", "day_convention": "none", "dates": ()}
DEFAULT_PAY_LATE: Final = 5


def load_schedule_patch(body: Any) -> dict[str, Any]:
    """The fields that a change names. Raises Invalid with every problem of their forms."""
    return load(SchedulePatch(), body)


def load_event_patch(body: Any) -> dict[str, Any]:
    """The fields that an event's change names. Raises Invalid with every problem of their forms."""
    return load(EventPatch(), body)


def schedule_change(fields: Mapping[str, Any], schedule: Schedule, settings: Settings) -> ScheduleChange:
    """What a change means for this schedule. Raises Invalid with every problem."""
    problems: list[FieldProblem] = []
    terms = _terms(fields, schedule, settings, problems)
    rule = {name: _rule_value(name, fields[name], settings) for name in RULE if name in fields}
    if not is_calendar(rule.get("calendar", settings.holiday_calendar)):
        problems.append(FieldProblem("/calendar", "is no calendar that is known; see the description of the field"))
    if "start_date" in rule and rule.get("frequency", schedule.frequency) == Frequency.DATES:
        problems.append(FieldProblem("/startDate", "cannot be given with dates: the first of them is the start"))
    if problems:
        raise Invalid(*problems)
    overridden = fields.get("overridden")
    return ScheduleChange(
        rule=rule,
        terms=terms,
        whole=_whole(fields),
        from_date=fields.get("from_date"),
        overridden=None if overridden is None else Overridden(overridden),
    )


def event_change(fields: Mapping[str, Any], entry: Entry, settings: Settings) -> dict[str, Any]:
    """What a change means for this event, by the names of `Entry`. Raises Invalid with every problem."""
    problems: list[FieldProblem] = []
    values = {name: fields[name] for name in ("payee_id", "reference", "date") if name in fields}
    check_parties(fields.get("payee_id"), entry.payer_id, problems)
    if "amount" in fields:
        values["amount"] = read_amount(fields, "amount", entry.currency, settings.max_amount, problems)
    if problems:
        raise Invalid(*problems)
    return values


def _terms(
    fields: Mapping[str, Any], schedule: Schedule, settings: Settings, problems: list[FieldProblem]
) -> dict[str, Any]:
    terms = {name: fields[name] for name in ("payee_id", "reference") if name in fields}
    check_parties(fields.get("payee_id"), schedule.payer_id, problems)
    for name in POINTERS:
        if name in fields:
            terms[name] = read_amount(fields, name, schedule.currency, settings.max_amount, problems)
    return terms


def _whole(fields: Mapping[str, Any]) -> dict[str, Any]:
    """What holds for the whole schedule, whatever its revision."""
    whole = {"retry_days": fields["retry"]} if "retry" in fields else {}
    if "pay_late" in fields:
        whole["pay_late"] = DEFAULT_PAY_LATE if fields["pay_late"] is None else fields["pay_late"]
    return whole


def _rule_value(name: str, value: Any, settings: Settings) -> Any:
    if name == "dates":
        return tuple(value or ())
    if name == "calendar":
        return value or settings.holiday_calendar
    return DEFAULTS.get(name) if value is None else value
