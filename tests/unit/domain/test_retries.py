"""On which days a declined payment is tried again (rule S11), by hand-made calendars and by a day-by-day walk."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.calendar import weekends_only
from shared.domain.entries import Window
from shared.domain.retries import DAYS_MOST, Declined, retry_day

MONDAY = date(2026, 3, 2)
FRIDAY = date(2026, 3, 6)


def day_of(
    days: list[int],
    *,
    first_on: date = MONDAY,
    today: date | None = None,
    day_0: bool = True,
    next_event: date | None = None,
    pauses: list[Window] | None = None,
) -> date | None:
    declined = Declined(days, first_on, next_event)
    return retry_day(declined, weekends_only(), pauses or [], today=today or first_on, day_0=day_0)


def test_day_0_is_the_same_day() -> None:
    assert day_of([0, 1, 2]) == MONDAY


def test_day_0_is_passed_over_when_its_time_has_come() -> None:
    assert day_of([0, 1, 2], day_0=False) == date(2026, 3, 3)
    assert day_of([0], day_0=False) is None


def test_days_count_from_the_first_decline_whichever_decline_it_is() -> None:
    assert day_of([0, 1, 3], today=date(2026, 3, 3)) == date(2026, 3, 5)
    assert day_of([0, 1, 3], today=date(2026, 3, 5)) is None


def test_a_weekend_is_no_working_day() -> None:
    assert day_of([1], first_on=FRIDAY) == date(2026, 3, 9)
    assert day_of([1, 2], first_on=date(2026, 3, 7)) == date(2026, 3, 9)


def test_a_retry_comes_strictly_before_the_next_event() -> None:
    assert day_of([1], next_event=date(2026, 3, 3)) is None
    assert day_of([1], next_event=date(2026, 3, 4)) == date(2026, 3, 3)
    assert day_of([0], next_event=MONDAY) is None


def test_a_pause_over_the_retry_day_drops_it() -> None:
    assert day_of([1, 3], pauses=[Window(date(2026, 3, 3), date(2026, 3, 4))]) is None
    assert day_of([1, 3], pauses=[Window(date(2026, 3, 4), None)]) == date(2026, 3, 3)


@pytest.mark.parametrize("today", [date(2026, 4, 30), date(2027, 1, 1)])
def test_long_after_the_last_day_there_is_none(today: date) -> None:
    assert day_of([0, 1, 20], today=today) is None


@given(
    st.lists(st.integers(0, DAYS_MOST), min_size=1, max_size=10, unique=True).map(sorted),
    st.dates(date(2025, 1, 1), date(2027, 1, 1)),
    st.integers(0, 40),
)
def test_the_next_of_the_days_by_a_walk(days: list[int], first_on: date, later: int) -> None:
    today, worked, expected = first_on + timedelta(days=later), 0, None
    for offset in range(60):
        day = first_on + timedelta(days=offset)
        worked += offset > 0 and day.weekday() < 5
        listed = worked in days and (offset == 0 or day.weekday() < 5) and (offset == 0 or worked > 0)
        if listed and expected is None and (day > today or day == today == first_on):
            expected = day
    assert day_of(days, first_on=first_on, today=today) == expected
