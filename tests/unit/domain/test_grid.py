"""Nominal grids: month ends, quarter days, the n-th weekday, intervals, and the ends of the calendar."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import islice

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import rules
from timelines import WEEKENDS, dates, nominal, timeline_of

from shared.domain.recurrence import MAX_COUNT, Frequency, Rule

NAMES = [name for name in Frequency if name != Frequency.DATES]
CODES = ["EvryDay", "IntrvlDay:31", "IntrvlWkDay:09:05", "IntrvlMnthDay:24:31", "IntrvlMnthDay:01:-01"]


@pytest.mark.parametrize(
    ("month_end", "expected"),
    [
        ("clamp", "01-31 02-28 03-31 04-30 05-31"),
        ("skip", "01-31 03-31 05-31 07-31 08-31"),
        ("next", "01-31 03-01 03-31 05-01 05-31"),
    ],
)
@pytest.mark.parametrize("frequency", ["monthly", "IntrvlMnthDay:01:31"])
def test_the_31st_in_shorter_months(frequency: str, month_end: str, expected: str) -> None:
    paid = dates("2025-01-31", frequency, 5, month_end=month_end)
    assert [day[5:] for day in paid] == expected.split()


@pytest.mark.parametrize(
    ("month_end", "expected"),
    [
        ("clamp", "2024-02-29 2025-02-28 2026-02-28 2027-02-28 2028-02-29"),
        ("skip", "2024-02-29 2028-02-29 2032-02-29 2036-02-29 2040-02-29"),
        ("next", "2024-02-29 2025-03-01 2026-03-01 2027-03-01 2028-02-29"),
    ],
)
@pytest.mark.parametrize("frequency", ["yearly", "IntrvlMnthDay:12:29"])
def test_the_29th_of_february_in_common_years(frequency: str, month_end: str, expected: str) -> None:
    assert dates("2024-02-29", frequency, 5, month_end=month_end) == expected.split()


def test_a_kept_day_never_leaves_its_month_although_that_is_too_short() -> None:
    february = {"month_end": "skip", "day_of_month": 29}
    assert dates("2026-02-28", "yearly", 2, **february) == ["2028-02-29", "2032-02-29"]
    assert dates("2026-02-28", "yearly", 1, interval=2, **february) == ["2028-02-29"]
    assert dates("2026-01-30", "yearly", 1, **february) == ["2028-02-29"]
    june = {"month_end": "skip", "day_of_month": 31}
    assert dates("2026-06-30", "quarterly", 2, **june) == ["2026-12-31", "2027-03-31"]


def test_1900_and_2100_are_no_leap_years_and_2000_is() -> None:
    assert dates("1896-02-29", "yearly", 2, interval=4) == ["1896-02-29", "1900-02-28"]
    assert dates("1996-02-29", "yearly", 2, interval=4, month_end="skip") == ["1996-02-29", "2000-02-29"]
    assert dates("2096-02-29", "yearly", 2, interval=4, month_end="skip") == ["2096-02-29", "2104-02-29"]


def test_every_second_month_counts_from_the_anchor() -> None:
    assert dates("2025-12-31", "monthly", 4, interval=2) == ["2025-12-31", "2026-02-28", "2026-04-30", "2026-06-30"]


def test_the_28th_of_february_means_the_28th() -> None:
    assert dates("2025-02-28", "monthly", 3) == ["2025-02-28", "2025-03-28", "2025-04-28"]
    assert dates("2025-02-28", "monthly", 2, month_end="next") == ["2025-02-28", "2025-03-28"]


@pytest.mark.parametrize(
    ("month_end", "expected"),
    [
        ("clamp", "2025-11-30 2026-05-30 2026-11-30"),
        ("skip", "2025-11-30 2026-05-30 2026-11-30"),
        ("next", "2025-11-30 2026-05-30 2026-11-30"),
    ],
)
def test_an_interval_that_meets_no_short_month_has_no_month_end(month_end: str, expected: str) -> None:
    assert dates("2025-11-30", "halfYearly", 3, month_end=month_end) == expected.split()


@pytest.mark.parametrize(
    ("month_end", "expected"),
    [
        ("clamp", "2025-02-28 2025-08-31 2026-02-28"),
        ("skip", "2025-03-31 2026-03-31 2027-03-31"),  # September has no 31st
        ("next", "2025-03-01 2025-08-31 2026-03-01"),  # the 31st of February, August, February
    ],
)
def test_the_grid_of_an_interval_starts_at_its_first_date(month_end: str, expected: str) -> None:
    assert dates("2025-02-10", "IntrvlMnthDay:06:31", 3, month_end=month_end) == expected.split()


def test_the_first_of_march_is_the_31st_of_february_with_month_end_next() -> None:
    assert dates("2025-03-01", "IntrvlMnthDay:02:31", 3, month_end="next") == ["2025-03-01", "2025-05-01", "2025-07-01"]
    assert dates("2025-03-02", "IntrvlMnthDay:02:31", 3, month_end="next") == ["2025-03-31", "2025-05-31", "2025-07-31"]


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("IntrvlMnthDay:01:-01", "2024-01-31 2024-02-29 2024-03-31 2024-04-30"),
        ("IntrvlMnthDay:01:-02", "2024-01-30 2024-02-28 2024-03-30 2024-04-29"),
        ("IntrvlMnthDay:01:-05", "2024-01-27 2024-02-25 2024-03-27 2024-04-26"),
        ("IntrvlMnthDay:12:-01", "2024-01-31 2025-01-31 2026-01-31 2027-01-31"),
    ],
)
@pytest.mark.parametrize("month_end", ["clamp", "skip", "next"])
def test_days_from_the_end_ask_no_month_end(code: str, expected: str, month_end: str) -> None:
    assert dates("2024-01-15", code, 4, month_end=month_end) == expected.split()


def test_a_day_from_the_end_that_has_passed_is_next_months() -> None:
    assert dates("2024-01-28", "IntrvlMnthDay:03:-05", 2) == ["2024-02-25", "2024-05-27"]


def test_a_month_without_a_fifth_weekday_has_no_event() -> None:
    assert dates("2025-01-01", "WkInMnthDay:05:05", 4) == ["2025-01-31", "2025-05-30", "2025-08-29", "2025-10-31"]


@pytest.mark.parametrize(
    ("quarter", "expected"),
    [
        ("ENGLISH", "2025-03-25 2025-06-24 2025-09-29 2025-12-25 2026-03-25"),
        ("SCOTTISH", "2025-02-02 2025-05-15 2025-08-01 2025-11-11 2026-02-02"),
        ("RECEIVED", "2025-03-20 2025-06-19 2025-09-24 2025-12-20 2026-03-20"),
    ],
)
def test_quarter_days(quarter: str, expected: str) -> None:
    assert dates("2025-01-01", f"QtrDay:{quarter}", 5) == expected.split()
    for day in expected.split():
        assert dates(day, f"QtrDay:{quarter}", 1) == [day]


@pytest.mark.parametrize(
    ("frequency", "interval", "second"),
    [
        ("daily", 1, "2025-08-31"),
        ("daily", 3, "2025-09-02"),
        ("weekly", 1, "2025-09-06"),
        ("fortnightly", 1, "2025-09-13"),
        ("fortnightly", 2, "2025-09-27"),
        ("monthly", 1, "2025-09-30"),
        ("quarterly", 1, "2025-11-30"),
        ("quarterly", 2, "2026-02-28"),
        ("halfYearly", 1, "2026-02-28"),
        ("yearly", 1, "2026-08-30"),
        ("yearly", 999, "3024-08-30"),
    ],
)
def test_the_interval_multiplies_the_frequency(frequency: str, interval: int, second: str) -> None:
    assert dates("2025-08-30", frequency, 2, interval=interval) == ["2025-08-30", second]


def test_the_end_date_itself_is_paid() -> None:
    assert dates("2025-01-31", "monthly", 9, end_date=date(2025, 3, 31))[-1] == "2025-03-31"
    assert dates("2025-01-31", "monthly", 9, end_date=date(2025, 3, 30))[-1] == "2025-02-28"


def test_a_count_is_a_number_of_dates_not_of_months() -> None:
    assert len(dates("2025-01-31", "weekly", 99, count=5)) == 5
    assert dates("2025-01-31", "monthly", 99, month_end="skip", count=3) == ["2025-01-31", "2025-03-31", "2025-05-31"]


def test_a_payment_made_once_and_listed_dates_end_themselves() -> None:
    listed = (date(2025, 1, 31), date(2025, 2, 1), date(2026, 2, 1))
    assert dates("2025-01-31", "once", 9) == ["2025-01-31"]
    assert dates("2025-01-31", "dates", 9, dates=listed) == ["2025-01-31", "2025-02-01", "2026-02-01"]


@pytest.mark.parametrize(
    "frequency", [*NAMES, "EvryDay", "EvryWorkgDay", "IntrvlMnthDay:06:31", "IntrvlMnthDay:12:-01"]
)
def test_a_rule_that_starts_on_the_last_day_of_the_calendar_ends_there(frequency: str) -> None:
    assert nominal(timeline_of(Rule(date.max, frequency)), 9) == ["9999-12-31"]


@pytest.mark.parametrize(
    "frequency", ["IntrvlWkDay:01:01", "WkInMnthDay:01:01", "IntrvlMnthDay:01:30", "QtrDay:ENGLISH"]
)
def test_a_code_whose_day_does_not_come_again_gives_none(frequency: str) -> None:
    timeline = timeline_of(Rule(date.max, frequency))
    assert nominal(timeline, 9) == []
    assert timeline.number_before(date.max) == 0


@pytest.mark.parametrize("frequency", [*NAMES[1:], *CODES])
def test_a_count_that_runs_past_the_year_9999_ends_with_the_calendar(frequency: str) -> None:
    timeline = timeline_of(Rule(date(9998, 12, 31), frequency, count=MAX_COUNT))
    listed = nominal(timeline, 400)
    assert 1 <= len(listed) <= 366
    assert timeline.number_before(date.max) == sum(day < "9999-12-31" for day in listed)


@pytest.mark.parametrize("month_end", ["clamp", "skip", "next"])
@pytest.mark.parametrize("frequency", [*NAMES[1:], *CODES, "QtrDay:SCOTTISH", "WkInMnthDay:01:01", "EvryWorkgDay"])
def test_the_first_day_of_the_calendar_is_a_day_like_any_other(frequency: str, month_end: str) -> None:
    timeline = timeline_of(Rule(date.min, frequency, month_end=month_end))
    listed = nominal(timeline, 5)
    assert listed == sorted(set(listed))
    assert (timeline.gives(date.min), timeline.number_before(date.min)) == (listed[0] == "0001-01-01", 0)


@given(rule=rules(), first=st.integers(-40, 1200), later=st.integers(0, 400))
@settings(max_examples=60)
def test_dates_before_a_day_are_counted_without_listing_them(rule: Rule, first: int, later: int) -> None:
    grid = rule.grid(WEEKENDS)
    listed = list(islice(grid.dates_from(date.min), 1700))
    for on in (rule.start_date + timedelta(days=first), rule.start_date + timedelta(days=first + later)):
        number = sum(day < on for day in listed)
        assert grid.count_between(date.min, on) == number
        assert grid.count_between(date.min, on, number // 2) == number // 2
        assert grid.count_between(rule.start_date, on, number + 1) == number
        assert grid.count_between(on, rule.start_date) == 0
        tail = [day for day in listed if day >= on][:5]
        assert list(islice(grid.dates_from(on), len(tail))) == tail


@given(rule=rules())
@settings(max_examples=60)
def test_dates_rise_strictly_from_the_start(rule: Rule) -> None:
    listed = list(islice(rule.grid(WEEKENDS).dates_from(date.min), 60))
    assert listed == sorted(set(listed))
    assert all(day >= rule.start_date for day in listed)
