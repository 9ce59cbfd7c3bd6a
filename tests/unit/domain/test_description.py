"""A schedule in one sentence."""

from datetime import date
from itertools import product

import pytest

from shared.domain.description import describe
from shared.domain.frequency import PLACES, Frequency
from shared.domain.recurrence import Rule
from shared.domain.rolling import Convention

CONVENTIONS = [convention for convention in Convention if convention != "none"]


def said(start: str, frequency: str, **rule: object) -> str:
    return describe(Rule(date.fromisoformat(start), frequency, **rule), 2500, "GBP")  # type: ignore[arg-type]


@pytest.mark.parametrize("convention", CONVENTIONS)
def test_the_last_working_day_of_every_month(convention: str) -> None:
    sentence = "£25.00 on the last working day of every month from 31 December 2026 until cancelled"
    assert said("2026-12-31", "IntrvlMnthDay:01:-01", day_convention=convention) == sentence


@pytest.mark.parametrize(
    ("start", "frequency", "interval", "words"),
    [
        ("2026-12-31", "daily", 1, "every day"),
        ("2026-12-31", "daily", 10, "every 10 days"),
        ("2026-12-31", "weekly", 1, "every week on Thursday"),
        ("2026-12-27", "fortnightly", 1, "every 2 weeks on Sunday"),
        ("2026-12-27", "fortnightly", 2, "every 4 weeks on Sunday"),
        ("2026-12-28", "monthly", 1, "every month on the 28th"),
        ("2026-12-12", "monthly", 2, "every 2 months on the 12th"),
        ("2027-01-30", "quarterly", 1, "every 3 months on the 30th"),
        ("2026-12-02", "halfYearly", 1, "every 6 months on the 2nd"),
        ("2026-12-23", "yearly", 1, "every year on 23 December"),
        ("2026-12-21", "yearly", 3, "every 3 years on 21 December"),
        ("2026-12-31", "EvryDay", 1, "every day"),
        ("2026-12-31", "EvryWorkgDay", 1, "every working day"),
        ("2026-12-31", "IntrvlDay:02", 1, "every 2 days"),
        ("2026-12-31", "IntrvlWkDay:01:04", 1, "every week on Thursday"),
        ("2026-12-31", "IntrvlWkDay:09:04", 1, "every 9 weeks on Thursday"),
        ("2026-12-09", "WkInMnthDay:02:03", 1, "on the second Wednesday of every month"),
        ("2027-01-29", "WkInMnthDay:05:05", 1, "on the fifth Friday of every month that has one"),
        ("2026-12-15", "IntrvlMnthDay:01:15", 1, "every month on the 15th"),
        ("2026-12-15", "IntrvlMnthDay:12:15", 1, "every year on 15 December"),
        ("2026-12-31", "IntrvlMnthDay:24:31", 1, "every 2 years on 31 December"),
        ("2026-12-31", "IntrvlMnthDay:01:-01", 1, "on the last day of every month"),
        ("2026-12-30", "IntrvlMnthDay:01:-02", 1, "on the second last day of every month"),
        ("2026-12-31", "IntrvlMnthDay:03:-01", 1, "every 3 months on the last day of the month"),
        ("2027-02-24", "IntrvlMnthDay:12:-05", 1, "every year on the fifth last day of February"),
        (
            "2026-12-25",
            "QtrDay:ENGLISH",
            1,
            "on the English quarter days (25 March, 24 June, 29 September and 25 December)",
        ),
        (
            "2027-02-02",
            "QtrDay:SCOTTISH",
            1,
            "on the Scottish quarter days (2 February, 15 May, 1 August and 11 November)",
        ),
        (
            "2026-12-20",
            "QtrDay:RECEIVED",
            1,
            "on the received quarter days (20 March, 19 June, 24 September and 20 December)",
        ),
    ],
)
def test_each_frequency_has_its_words(start: str, frequency: str, interval: int, words: str) -> None:
    day = date.fromisoformat(start)
    from_day = f"{day.day} {day:%B %Y}"
    assert said(start, frequency, interval=interval) == f"£25.00 {words} from {from_day} until cancelled"


@pytest.mark.parametrize(
    ("start", "frequency", "month_end", "words"),
    [
        ("2026-12-31", "monthly", "clamp", "every month on the 31st (the last day of shorter months)"),
        ("2026-12-31", "monthly", "skip", "every month on the 31st (not in shorter months)"),
        (
            "2026-12-31",
            "IntrvlMnthDay:01:31",
            "next",
            "every month on the 31st (the first of the next month where a month is shorter)",
        ),
        ("2026-12-30", "monthly", "clamp", "every month on the 30th (the last day of February)"),
        ("2026-12-30", "monthly", "skip", "every month on the 30th (not in February)"),
        ("2026-12-30", "monthly", "next", "every month on the 30th (1 March instead of February)"),
        ("2026-12-29", "monthly", "clamp", "every month on the 29th (the last day of February where it is shorter)"),
        ("2026-12-29", "monthly", "skip", "every month on the 29th (not in February where it is shorter)"),
        ("2027-01-31", "quarterly", "clamp", "every 3 months on the 31st (the last day of shorter months)"),
        ("2027-01-30", "quarterly", "skip", "every 3 months on the 30th"),
        ("2027-08-31", "halfYearly", "skip", "every 6 months on the 31st (not in February)"),
        ("2028-02-29", "yearly", "clamp", "every year on 29 February (28 February in other years)"),
        ("2028-02-29", "yearly", "skip", "every year on 29 February (leap years only)"),
        ("2028-02-29", "IntrvlMnthDay:24:29", "next", "every 2 years on 29 February (1 March in other years)"),
        ("2027-02-28", "IntrvlMnthDay:12:31", "clamp", "every year on the last day of February"),
        ("2027-03-01", "IntrvlMnthDay:12:30", "next", "every year on 1 March"),
    ],
)
def test_a_month_that_is_too_short_is_explained(start: str, frequency: str, month_end: str, words: str) -> None:
    assert said(start, frequency, month_end=month_end).startswith(f"£25.00 {words} from ")


def test_a_new_rule_that_starts_on_a_shorter_months_last_day_says_its_own_day() -> None:
    words = "£25.00 every month on the 31st (the last day of shorter months) from 28 February 2027 until cancelled"
    assert said("2027-02-28", "monthly", day_of_month=31) == words


@pytest.mark.parametrize(
    ("convention", "words"),
    [
        ("none", ""),
        ("following", ", or the next working day,"),
        ("modifiedFollowing", ", or the next working day (the one before at the end of a month),"),
        ("preceding", ", or the working day before,"),
        ("modifiedPreceding", ", or the working day before (the next one at the start of a month),"),
        ("nearest", ", or the nearest working day,"),
    ],
)
def test_each_day_convention_has_its_words(convention: str, words: str) -> None:
    sentence = f"£25.00 every month on the 15th{words} from 15 December 2026 until cancelled"
    assert said("2026-12-15", "monthly", day_convention=convention) == sentence


def test_days_that_may_fall_together_are_said_to_be_paid_once() -> None:
    sentence = said("2026-12-15", "daily", day_convention="following")
    assert "every day, or the next working day (one payment where dates fall together), from" in sentence


@pytest.mark.parametrize("convention", CONVENTIONS)
def test_every_working_day_needs_no_convention(convention: str) -> None:
    sentence = "£25.00 every working day from 25 December 2026 until cancelled"
    assert said("2026-12-25", "EvryWorkgDay", day_convention=convention) == sentence


@pytest.mark.parametrize(
    ("start", "frequency", "month_end", "first"),
    [
        ("2027-01-20", "IntrvlMnthDay:06:15", "clamp", "15 February 2027"),
        ("2025-01-09", "IntrvlWkDay:02:03", "clamp", "15 January 2025"),
        ("2026-12-26", "QtrDay:ENGLISH", "clamp", "25 March 2027"),
        ("2027-02-01", "WkInMnthDay:05:05", "clamp", "30 April 2027"),
        ("2027-02-01", "IntrvlMnthDay:01:31", "skip", "31 March 2027"),
        ("2027-02-02", "IntrvlMnthDay:01:30", "next", "1 March 2027"),
    ],
)
def test_it_starts_with_the_first_date_of_the_rule(start: str, frequency: str, month_end: str, first: str) -> None:
    assert said(start, frequency, month_end=month_end).endswith(f" from {first} until cancelled")


def test_an_end_date_is_named() -> None:
    sentence = "£25.00 every day from 31 December 2026 until 31 March 2027"
    assert said("2026-12-31", "daily", end_date=date(2027, 3, 31)) == sentence


def test_a_count_is_said_in_times() -> None:
    assert said("2026-12-31", "daily", count=12) == "£25.00 every day from 31 December 2026, 12 times"


@pytest.mark.parametrize(
    ("frequency", "rule", "day"),
    [
        ("once", {}, "31 December 2026"),
        ("monthly", {"count": 1}, "31 December 2026"),
        ("monthly", {"end_date": date(2027, 1, 15)}, "31 December 2026"),
        ("IntrvlMnthDay:06:15", {"count": 1}, "15 January 2027"),
        ("dates", {"dates": (date(2027, 5, 1),)}, "1 May 2027"),
        ("EvryWorkgDay", {"count": 1}, "the first working day from 31 December 2026"),
    ],
)
def test_what_is_paid_once_says_so(frequency: str, rule: dict[str, object], day: str) -> None:
    assert said("2026-12-31", frequency, **rule) == f"£25.00 once on {day}"


def test_what_is_paid_once_says_how_its_day_rolls() -> None:
    sentence = "£25.00 once on 25 December 2026, or the next working day"
    assert said("2026-12-25", "once", day_convention="following") == sentence


def test_up_to_three_listed_dates_are_named() -> None:
    dates = (date(2026, 12, 31), date(2027, 2, 3), date(2027, 5, 1))
    sentence = "£25.00 on 31 December 2026, 3 February 2027 and 1 May 2027"
    assert said("2026-12-31", "dates", dates=dates) == sentence


def test_more_listed_dates_are_counted() -> None:
    dates = tuple(date(2027, month, 1) for month in range(1, 13))
    sentence = "£25.00 on 12 dates from 1 January 2027 to 1 December 2027, or the working day before"
    assert said("2027-01-01", "dates", dates=dates, day_convention="preceding") == sentence


@pytest.mark.parametrize(
    ("amounts", "words"),
    [
        ({}, ""),
        ({"first_amount": 1000}, "; the first is £10.00"),
        ({"final_amount": 500}, "; the last is £5.00"),
        ({"first_amount": 1000, "final_amount": 500}, "; the first is £10.00, the last £5.00"),
    ],
)
def test_other_amounts_at_the_ends_are_said(amounts: dict[str, int], words: str) -> None:
    rule = Rule(date(2026, 12, 31), "daily", count=3)
    sentence = f"£25.00 every day from 31 December 2026, 3 times{words}"
    assert describe(rule, 2500, "GBP", **amounts) == sentence


@pytest.mark.parametrize(
    ("amounts", "text"),
    [
        ({"first_amount": 1000, "final_amount": 500}, "£10.00"),
        ({"final_amount": 500}, "£5.00"),
    ],
)
def test_a_single_payment_says_the_amount_it_has(amounts: dict[str, int], text: str) -> None:
    rule = Rule(date(2026, 12, 31), "once")
    assert describe(rule, 2500, "GBP", **amounts) == f"{text} once on 31 December 2026"


@pytest.mark.parametrize(
    ("amount", "currency", "text"),
    [
        (123_456_789, "GBP", "£1,234,567.89"),
        (5, "EUR", "€0.05"),
        (700_000, "JPY", "¥700,000"),
        (1025, "BHD", "BHD 1.025"),
        (100, "USD", "$1.00"),
        (None, None, "A payment"),
        (None, "GBP", "A payment"),
    ],
)
def test_amounts_are_written_as_people_write_them(amount: int | None, currency: str | None, text: str) -> None:
    assert describe(Rule(date(2026, 12, 1), "once"), amount, currency) == f"{text} once on 1 December 2026"


CODES = [
    "EvryDay",
    "EvryWorkgDay",
    "IntrvlDay:31",
    "IntrvlWkDay:03:07",
    "WkInMnthDay:05:01",
    "IntrvlMnthDay:01:31",
    "IntrvlMnthDay:05:29",
    "IntrvlMnthDay:24:-05",
    "IntrvlMnthDay:01:-01",
    "QtrDay:SCOTTISH",
]
NAMES = [frequency for frequency in Frequency if frequency != "dates"]
ENDS: tuple[dict[str, object], ...] = ({}, {"end_date": date(2099, 1, 1)}, {"count": 2})


@pytest.mark.parametrize("frequency", [*NAMES, *CODES])
def test_every_rule_has_one_sentence_without_a_gap(frequency: str) -> None:
    starts = (date(2028, 2, 29), date(2027, 1, 31), date(9999, 12, 31))
    ends = ENDS if frequency != "once" else ENDS[:1]
    for start, month_end, convention, end in product(starts, PLACES, Convention, ends):
        if end.get("end_date", start) < start:  # type: ignore[operator]
            continue
        rule = Rule(start, frequency, month_end=month_end, day_convention=convention, **end)  # type: ignore[arg-type]
        sentence = describe(rule, 2500, "GBP", first_amount=1)
        assert sentence.startswith("£")
        assert not any(gap in sentence for gap in ("  ", " ,", ",,", "None", "( ", " )")), sentence
