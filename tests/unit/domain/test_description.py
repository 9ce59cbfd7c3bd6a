"""A schedule in one sentence."""

from datetime import date

import pytest

from shared.domain.description import describe
from shared.domain.recurrence import Rule


@pytest.mark.parametrize(
    ("start", "rule", "sentence"),
    [
        ("2026-12-31", {"frequency": "once"}, "£25.00 once on 31 December 2026"),
        ("2026-12-31", {"frequency": "monthly", "count": 1}, "£25.00 once on 31 December 2026"),
        ("2026-12-31", {"frequency": "daily"}, "£25.00 every day from 31 December 2026 until cancelled"),
        (
            "2026-12-31",
            {"frequency": "daily", "interval": 10, "count": 3},
            "£25.00 every 10 days from 31 December 2026 3 times",
        ),
        (
            "9999-12-30",
            {"frequency": "daily", "count": 99_999},
            "£25.00 every day from 30 December 9999 2 times",
        ),
        ("2026-12-31", {"frequency": "weekly"}, "£25.00 every week on Thursday from 31 December 2026 until cancelled"),
        (
            "2026-12-27",
            {"frequency": "fortnightly", "interval": 2},
            "£25.00 every 4 weeks on Sunday from 27 December 2026 until cancelled",
        ),
        (
            "2026-12-31",
            {"frequency": "monthly"},
            "£25.00 every month on the 31st (the last day of shorter months) from 31 December 2026 until cancelled",
        ),
        (
            "2026-12-30",
            {"frequency": "monthly", "end_date": date(2027, 12, 1)},
            "£25.00 every month on the 30th (the last day of February) from 30 December 2026 until 1 December 2027",
        ),
        (
            "2026-12-29",
            {"frequency": "monthly"},
            "£25.00 every month on the 29th (the last day of February where it is shorter)"
            " from 29 December 2026 until cancelled",
        ),
        (
            "2026-12-28",
            {"frequency": "monthly"},
            "£25.00 every month on the 28th from 28 December 2026 until cancelled",
        ),
        (
            "2026-12-12",
            {"frequency": "monthly", "interval": 2},
            "£25.00 every 2 months on the 12th from 12 December 2026 until cancelled",
        ),
        (
            "2027-01-30",
            {"frequency": "quarterly"},
            "£25.00 every 3 months on the 30th from 30 January 2027 until cancelled",
        ),
        (
            "2027-01-31",
            {"frequency": "quarterly"},
            "£25.00 every 3 months on the 31st (the last day of shorter months) from 31 January 2027 until cancelled",
        ),
        (
            "2026-12-02",
            {"frequency": "halfYearly"},
            "£25.00 every 6 months on the 2nd from 2 December 2026 until cancelled",
        ),
        (
            "2026-12-23",
            {"frequency": "yearly"},
            "£25.00 every year on 23 December from 23 December 2026 until cancelled",
        ),
        (
            "2028-02-29",
            {"frequency": "monthly", "interval": 24},
            "£25.00 every 2 years on 29 February (28 February in other years) from 29 February 2028 until cancelled",
        ),
    ],
)
def test_each_frequency_has_its_words(start: str, rule: dict[str, object], sentence: str) -> None:
    made = Rule(date.fromisoformat(start), **rule)  # type: ignore[arg-type]
    assert describe(made, 2500, "GBP") == sentence


@pytest.mark.parametrize(
    ("amount", "currency", "text"),
    [
        (123_456_789, "GBP", "£1,234,567.89"),
        (5, "EUR", "€0.05"),
        (700_000, "JPY", "¥700,000"),
        (1025, "BHD", "BHD 1.025"),
        (100, "USD", "$1.00"),
    ],
)
def test_amounts_are_written_as_people_write_them(amount: int, currency: str, text: str) -> None:
    assert describe(Rule(date(2026, 12, 1), "once"), amount, currency) == f"{text} once on 1 December 2026"
