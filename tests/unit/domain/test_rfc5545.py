"""Grids that RFC 5545 can say too are those of a recurrence rule: of dateutil, and of the examples in the text."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any, Literal

import pytest
from dateutil.rrule import DAILY, MONTHLY, WEEKLY, YEARLY, rrule, weekday
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import start_dates
from timelines import dates, timeline_of

from shared.domain.recurrence import Rule

LOOKED_AT = timedelta(days=366 * 6)
MONTHS = {"monthly": 1, "quarterly": 3, "halfYearly": 6}


def ours(start: date, frequency: str, **fields: Any) -> list[date]:
    rule = Rule(start, frequency, end_date=start + LOOKED_AT, **fields)
    return [day for day, _ in timeline_of(rule).nominal_dates()]


def theirs(start: date, frequency: Literal[0, 1, 2, 3], **parts: Any) -> list[date]:
    first = datetime.combine(start, datetime.min.time())
    return [moment.date() for moment in rrule(frequency, dtstart=first, until=first + LOOKED_AT, **parts)]


@given(start=start_dates, interval=st.integers(1, 9), name=st.sampled_from(sorted(MONTHS)))
@settings(max_examples=30)
def test_short_months_are_skipped_as_invalid_dates_are(start: date, interval: int, name: str) -> None:
    expected = theirs(start, MONTHLY, interval=interval * MONTHS[name])
    assert ours(start, name, interval=interval, month_end="skip") == expected


@given(start=start_dates, interval=st.integers(1, 4))
@settings(max_examples=30)
def test_years_skip_29_february_as_invalid_dates_are(start: date, interval: int) -> None:
    assert ours(start, "yearly", interval=interval, month_end="skip") == theirs(start, YEARLY, interval=interval)


@given(start=start_dates, interval=st.integers(1, 9), name=st.sampled_from(sorted(MONTHS)))
@settings(max_examples=30)
def test_a_clamped_day_is_the_last_of_the_days_from_28_on(start: date, interval: int, name: str) -> None:
    days = list(range(28, start.day + 1)) or [start.day]
    expected = theirs(start, MONTHLY, interval=interval * MONTHS[name], bymonthday=days, bysetpos=-1)
    assert ours(start, name, interval=interval) == expected


@given(start=start_dates, interval=st.integers(1, 40))
@settings(max_examples=15)
def test_days_and_weeks(start: date, interval: int) -> None:
    assert ours(start, "daily", interval=interval) == theirs(start, DAILY, interval=interval)
    assert ours(start, "weekly", interval=interval) == theirs(start, WEEKLY, interval=interval)
    assert ours(start, "fortnightly", interval=interval) == theirs(start, WEEKLY, interval=2 * interval)
    assert ours(start, "EvryDay") == theirs(start, DAILY)


@given(start=start_dates, weeks=st.integers(1, 9), day=st.integers(1, 7))
@settings(max_examples=30)
def test_a_weekday_every_so_many_weeks(start: date, weeks: int, day: int) -> None:
    first = theirs(start, WEEKLY, byweekday=day - 1)[0]
    expected = [found for found in theirs(first, WEEKLY, interval=weeks) if found <= start + LOOKED_AT]
    assert ours(start, f"IntrvlWkDay:{weeks:02}:{day:02}") == expected


@given(start=start_dates, week=st.integers(1, 5), day=st.integers(1, 7))
@settings(max_examples=30)
def test_the_nth_weekday_of_every_month(start: date, week: int, day: int) -> None:
    code = f"WkInMnthDay:{week:02}:{day:02}"
    assert ours(start, code) == theirs(start, MONTHLY, byweekday=weekday(day - 1)(week))
    assert ours(start, code) == theirs(start, MONTHLY, byweekday=day - 1, bysetpos=week)


@given(start=start_dates, months=st.sampled_from([1, 2, 3, 4, 5, 6, 12, 24]), day=st.integers(1, 31))
@settings(max_examples=30)
def test_a_day_of_the_month_every_so_many_months(start: date, months: int, day: int) -> None:
    first = theirs(start, MONTHLY, bymonthday=day)[0]
    expected = theirs(first, MONTHLY, interval=months)
    found = ours(start, f"IntrvlMnthDay:{months:02}:{day:02}", month_end="skip")
    assert found == [day for day in expected if day <= start + LOOKED_AT]


@given(start=start_dates, day=st.integers(-5, -1))
@settings(max_examples=30)
def test_a_day_from_the_end_of_every_month(start: date, day: int) -> None:
    assert ours(start, f"IntrvlMnthDay:01:-0{-day}") == theirs(start, MONTHLY, bymonthday=day)


# RFC 5545, section 3.8.5.3. Of its examples with two days (1 and -1; 15 and 30) only the second is taken.
EXAMPLES = [
    ("Daily, 10 times", "1997-09-02", "daily", {"count": 10}, "09-02 09-03 09-04"),
    ("Every 10 days, 5 times", "1997-09-02", "daily", {"interval": 10, "count": 5}, "09-02 09-12 09-22 10-02 10-12"),
    ("Every 10 days, 5 times", "1997-09-02", "IntrvlDay:10", {"count": 5}, "09-02 09-12 09-22 10-02 10-12"),
    ("Weekly, 10 times", "1997-09-02", "weekly", {"count": 10}, "09-02 09-09 09-16 09-23 09-30 10-07 10-14"),
    ("Every other week", "1997-09-02", "fortnightly", {}, "09-02 09-16 09-30 10-14 10-28 11-11 11-25 12-09 12-23"),
    (
        "Monthly on the first Friday, 10 times",
        "1997-09-05",
        "WkInMnthDay:01:05",
        {"count": 10},
        "09-05 10-03 11-07 12-05 01-02 02-06 03-06 04-03 05-01 06-05",
    ),
    ("The third day from the end", "1997-09-28", "IntrvlMnthDay:01:-03", {}, "09-28 10-29 11-28 12-29 01-29 02-26"),
    ("The last day", "1997-09-30", "IntrvlMnthDay:01:-01", {}, "09-30 10-31 11-30 12-31 01-31 02-28 03-31"),
    ("Invalid dates are ignored", "2007-01-15", "IntrvlMnthDay:01:30", {"month_end": "skip"}, "01-30 03-30 04-30"),
]


@pytest.mark.parametrize(("name", "start", "frequency", "fields", "expected"), EXAMPLES)
def test_the_examples_in_the_text(name: str, start: str, frequency: str, fields: dict[str, Any], expected: str) -> None:
    listed = dates(start, frequency, 50, **fields)
    assert [day[-5:] for day in listed[: len(expected.split())]] == expected.split(), name
    assert len(listed) == fields.get("count", 50)


def test_the_31st_of_a_month_without_one_is_ignored() -> None:
    # Section 3.3.10: an invalid date (such as February 30) MUST be ignored and MUST NOT be counted.
    listed = dates("1997-01-31", "monthly", 99, month_end="skip", count=7)
    assert [day[5:7] for day in listed] == ["01", "03", "05", "07", "08", "10", "12"]
