"""The body of a schedule: its fields' forms. What they mean together is read by `api_service.terms`."""

from __future__ import annotations

from typing import Final

from api_service.schemas.base import CamelSchema
from api_service.schemas.reading import Day, PartyId, Reserved, Text, Whole
from shared.domain.frequency import Frequency
from shared.domain.recurrence import MAX_COUNT, MAX_INTERVAL

MAX_REFERENCE: Final = 35
MAX_PAY_LATE_DAYS: Final = 31

EXAMPLE: Final = {
    "payeeId": "landlord-9",
    "amount": "25.00",
    "currency": "GBP",
    "startDate": "2026-12-31",
    "frequency": "monthly",
    "reference": "Rent flat 7",
}


class ScheduleBody(CamelSchema):
    """What is paid to whom, how much, and when."""

    payer_id = PartyId(metadata={"description": "Who pays; the token's `sub` when left out."})
    payee_id = PartyId(required=True, metadata={"description": "Who is paid; not the payer."})
    amount = Text(
        longest=64,
        required=True,
        metadata={
            "description": "A decimal as text, with at most the currency's decimals; above 0.",
            "pattern": r"^(0|[1-9][0-9]{0,14})(\.[0-9]+)?$",
            "example": "25.00",
        },
    )
    currency = Text(shortest=3, longest=3, required=True, metadata={"description": "ISO 4217.", "example": "GBP"})
    start_date = Day(required=True, metadata={"description": "Not before the next open date."})
    frequency = Text(longest=32, required=True, metadata={"enum": list(Frequency)})
    interval = Whole(
        low=1, high=MAX_INTERVAL, load_default=1, metadata={"description": "Every so many days, weeks, months."}
    )
    end_date = Day(allow_none=True, load_default=None, metadata={"description": "Inclusive; not together with count."})
    count = Whole(
        low=1,
        high=MAX_COUNT,
        allow_none=True,
        load_default=None,
        metadata={"description": "How many dates; not together with endDate."},
    )
    reference = Text(shortest=0, longest=MAX_REFERENCE, allow_none=True, load_default=None)
    pay_late = Whole(
        low=0,
        high=MAX_PAY_LATE_DAYS,
        load_default=5,
        metadata={"description": "For how many calendar days an event may be paid late."},
    )
    first_amount = Reserved()
    final_amount = Reserved()
    month_end = Reserved("clamp")
    day_convention = Reserved("none")
    calendar = Reserved()
    retry = Reserved()
    dates = Reserved()
