"""What the demo's payers want paid: schedules of every kind, most of them due today."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from shared.domain.frequency import Frequency
from shared.domain.money import exponent, format_amount

SEED = 20
PAYEES = ("landlord", "energy", "water", "savings", "school", "gym", "charity", "insurance", "phone", "council")
REFERENCES = ("Rent", "Electricity", "Savings", "Membership 4711", "Lessons", "Spende März", None)
CURRENCIES = ("GBP",) * 6 + ("EUR",) * 2 + ("JPY", "BHD")
DECLINES = {7: "insufficient_funds", 23: "account_closed"}
"""Of every forty payers these two are declined: one softly, one for good."""
TODAY_SHARE = 0.85
CANCELLED = {11: "schedule", 29: "event"}
"""Of every forty schedules these two are thought better of before the day is run."""
GROUP = 40
NAMES = tuple(name for name in Frequency if name != Frequency.DATES)
"""All that count from a start date."""


@dataclass(frozen=True, slots=True)
class Wish:
    """One schedule to create: the body of the request, and what is meant to become of it."""

    body: dict[str, Any]
    decline: str | None = None
    cancel: str | None = None

    @property
    def payer_id(self) -> str:
        return str(self.body["payerId"])


def declined_payers(count: int) -> dict[str, str]:
    """The payers that the bank declines, with the code."""
    return {
        _payer(number): code for number in range(_payers(count)) if (code := DECLINES.get(number % GROUP)) is not None
    }


def wishes(count: int, today: date) -> Iterator[Wish]:
    """So many schedules; the same ones for the same day. The first is the month-end case."""
    draw = random.Random(SEED)  # noqa: S311 - draws examples, keeps no secret
    declines = declined_payers(count)
    yield Wish(_month_end(today))
    for number in range(1, count):
        payer_id = _payer(number % _payers(count))
        body = _body(draw, number, payer_id, today)
        yield Wish(body, declines.get(payer_id), CANCELLED.get(number % GROUP))


def next_31st(today: date) -> date:
    """The first 31st after today."""
    day = today + timedelta(days=1)
    while day.day != 31:
        day += timedelta(days=1)
    return day


def _month_end(today: date) -> dict[str, Any]:
    return {
        "payerId": _payer(0),
        "payeeId": "landlord-0",
        "amount": "850.00",
        "currency": "GBP",
        "startDate": next_31st(today).isoformat(),
        "frequency": "monthly",
        "reference": "Rent on the 31st",
    }


def _body(draw: random.Random, number: int, payer_id: str, today: date) -> dict[str, Any]:
    start = today if draw.random() < TODAY_SHARE else today + timedelta(days=draw.randint(1, 45))
    currency = draw.choice(CURRENCIES)
    body: dict[str, Any] = {
        "payerId": payer_id,
        "payeeId": f"{draw.choice(PAYEES)}-{draw.randint(1, 40)}",
        "amount": _amount(draw, currency),
        "currency": currency,
        "startDate": start.isoformat(),
        "frequency": str(NAMES[number % len(NAMES)]),
    }
    reference = draw.choice(REFERENCES)
    if reference is not None:
        body["reference"] = reference
    return body | _repetition(draw, body["frequency"], start)


def _repetition(draw: random.Random, frequency: str, start: date) -> dict[str, Any]:
    """How often and how long; some for ever, some so many times, some to a date."""
    if frequency == Frequency.ONCE:
        return {}
    end = draw.choice(("open", "count", "endDate"))
    fields: dict[str, Any] = {"interval": draw.choice((1, 1, 1, 2, 3))}
    if end == "count":
        fields["count"] = draw.randint(1, 60)
    elif end == "endDate":
        fields["endDate"] = (start + timedelta(days=draw.randint(0, 800))).isoformat()
    return fields


def _amount(draw: random.Random, currency: str) -> str:
    """Pounds and pence up to 2,500.00, or as much in another currency's decimals; yen a hundredfold."""
    decimals = exponent(currency)
    units = 250_000 if decimals == 0 else 2_500 * 10**decimals
    return format_amount(draw.randint(units // 1000, units), currency)


def _payers(count: int) -> int:
    """Some hundred payers with several schedules each."""
    return max(GROUP, count * 3 // 20)


def _payer(number: int) -> str:
    return f"payer-{number:04}"
