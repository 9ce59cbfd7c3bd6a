"""The body of a schedule: its fields' forms. What they mean together is read by `api_service.terms`."""

from __future__ import annotations

from typing import Any, Final

from api_service.schemas.base import CamelSchema
from api_service.schemas.day_list import DayList
from api_service.schemas.reading import Choice, Day, PartyId, Text, Whole
from api_service.schemas.retry import RetryField
from shared.domain.currencies import EXPONENTS
from shared.domain.frequency import CODE_FORMS, FREQUENCY_PATTERN, PLACES, Frequency
from shared.domain.recurrence import MAX_COUNT, MAX_DATES, MAX_INTERVAL
from shared.domain.rolling import Convention

MAX_REFERENCE: Final = 35
MAX_PAY_LATE_DAYS: Final = 31
LONGEST_CODE: Final = 32
"""Characters of a frequency or a calendar; longer ones are none of ours."""


AMOUNT_PATTERN: Final = r"^(0\.[0-9]*[1-9][0-9]*|[1-9][0-9]{0,14}(\.[0-9]+)?)$"
"""Rule A1, and above 0; how many decimals and how much at most is told by the currency and the bank."""

CALENDAR_PATTERN: Final = "^(weekends|TARGET|B3|[A-Z]{3,4}|[A-Z]{2}(-[A-Z0-9]{1,3})?)$"
"""The form of every calendar that `shared.holiday_library` knows."""


def amount_field(description: str, **kwargs: Any) -> Text:
    """An amount's text; its form is read with its currency (rule A1)."""
    documented = {"description": description, "pattern": AMOUNT_PATTERN, "example": "25.00"}
    return Text(longest=64, metadata=documented, **kwargs)


def currency_field(**kwargs: Any) -> Text:
    """A currency that has a minor unit."""
    documented = {"description": "ISO 4217.", "enum": sorted(EXPONENTS), "example": "GBP"}
    return Text(shortest=3, longest=3, metadata=documented, **kwargs)


class ScheduleBody(CamelSchema):
    """What is paid to whom, how much, and when."""

    payer_id = PartyId(metadata={"description": "Who pays; the token's `sub` when left out."})
    payee_id = PartyId(required=True, metadata={"description": "Who is paid; not the payer."})
    amount = amount_field("A decimal as text, with at most the currency's decimals; above 0.", required=True)
    currency = currency_field(required=True)
    start_date = Day(
        metadata={
            "description": "Not before the next open date. The first payment is on the first date of the frequency from"
            " here on. Required, but not together with dates."
        }
    )
    frequency = Text(
        longest=LONGEST_CODE,
        required=True,
        metadata={
            "description": f"One of {', '.join(Frequency)}; or an Open Banking UK code: {'; '.join(CODE_FORMS)}.",
            "pattern": f"^({FREQUENCY_PATTERN})$",
            "example": "monthly",
        },
    )
    interval = Whole(
        low=1,
        high=MAX_INTERVAL,
        load_default=1,
        metadata={"description": "Every so many days, weeks, months; 1 with a code."},
    )
    dates = DayList(
        most=MAX_DATES,
        allow_none=True,
        load_default=None,
        metadata={"description": "With the frequency dates, and only with it; in any order."},
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
    first_amount = amount_field("Of the first payment, if it is another.", allow_none=True, load_default=None)
    final_amount = amount_field("Of the last payment, if it is another.", allow_none=True, load_default=None)
    month_end = Choice(
        *PLACES,
        load_default="clamp",
        metadata={"description": "In a month too short for the day: its last day, no payment, the first of the next."},
    )
    day_convention = Choice(
        *Convention,
        load_default=str(Convention.NONE),
        metadata={"description": "To which working day a date moves on which nobody works."},
    )
    calendar = Text(
        longest=LONGEST_CODE,
        allow_none=True,
        load_default=None,
        metadata={
            "description": "Which days are worked: weekends, an ISO 3166 code such as GB-ENG, TARGET or another"
            " financial calendar. The bank's own when left out.",
            "pattern": CALENDAR_PATTERN,
            "example": "GB-ENG",
        },
    )
    retry = RetryField(
        allow_none=True,
        load_default=None,
        metadata={
            "description": "Working days after a first soft decline on which it is tried again; 0 is the same day,"
            " in the afternoon. Never when left out.",
            "example": {"days": [0, 1, 2]},
        },
    )
    pay_late = Whole(
        low=0,
        high=MAX_PAY_LATE_DAYS,
        load_default=5,
        metadata={"description": "For how many calendar days an event may be paid late."},
    )
