"""Dates that come by the day and roll onto one day are one payment; others remain two."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
import reference
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import by_the_day, calendars, rules
from timelines import WEEKENDS, calendar_of, payments, timeline_of

from shared.domain.frequency import collapses
from shared.domain.recurrence import Rule

FRIDAY = date(2025, 6, 13)


def paid(rule: Rule, most: int) -> list[str]:
    return [
        f"{payment.sequence}: {payment.nominal_date:%a %d} on {payment.date:%a %d}"
        for payment in payments(timeline_of(rule), most)
    ]


def test_the_date_that_needs_no_shift_stays() -> None:
    assert paid(Rule(FRIDAY, "daily", day_convention="preceding"), 2) == [
        "1: Fri 13 on Fri 13",
        "2: Mon 16 on Mon 16",
    ]
    assert paid(Rule(FRIDAY, "daily", day_convention="following"), 2) == [
        "1: Fri 13 on Fri 13",
        "2: Mon 16 on Mon 16",
    ]


def test_where_all_are_shifted_the_earliest_stays() -> None:
    weekend = Rule(date(2025, 6, 14), "daily", count=2, day_convention="following")
    assert paid(weekend, 9) == ["1: Sat 14 on Mon 16"]
    assert paid(Rule(date(2025, 6, 14), "daily", count=2, day_convention="preceding"), 9) == ["1: Sat 14 on Fri 13"]


def test_the_nearest_leaves_nothing_to_the_weekend() -> None:
    assert paid(Rule(FRIDAY, "EvryDay", day_convention="nearest"), 2) == ["1: Fri 13 on Fri 13", "2: Mon 16 on Mon 16"]


@pytest.mark.parametrize(
    "rule",
    [
        Rule(date(2025, 6, 12), "daily", 2, day_convention="following"),
        Rule(date(2025, 6, 12), "IntrvlDay:02", day_convention="following"),
    ],
)
def test_every_second_day_is_one_payment_where_two_meet(rule: Rule) -> None:
    # 12, 14 (a Saturday, to Monday 16), 16, 18, 20, 22 (a Sunday, to Monday 23), 24.
    assert paid(rule, 6) == [
        "1: Thu 12 on Thu 12",
        "2: Mon 16 on Mon 16",
        "3: Wed 18 on Wed 18",
        "4: Fri 20 on Fri 20",
        "5: Sun 22 on Mon 23",
        "6: Tue 24 on Tue 24",
    ]


def test_listed_dates_that_meet_remain_two() -> None:
    listed = Rule(date(2025, 6, 14), "dates", dates=(date(2025, 6, 14), date(2025, 6, 15)), day_convention="following")
    assert paid(listed, 9) == ["1: Sat 14 on Mon 16", "2: Sun 15 on Mon 16"]


def test_weeks_that_a_long_holiday_rolls_onto_one_day_remain_two() -> None:
    closed = {date(2025, 6, 2) + timedelta(days=offset): "a long holiday" for offset in range(14)}
    rule = Rule(date(2025, 6, 4), "weekly", count=2, day_convention="following")
    assert [payment.date for payment in payments(timeline_of(rule, calendar_of(closed)))] == [date(2025, 6, 16)] * 2


def test_collapsing_adds_none_to_a_count() -> None:
    # Ten dates from Friday to the Sunday of the next week, of which six are left.
    ten = payments(timeline_of(Rule(FRIDAY, "daily", count=10, day_convention="preceding")))
    assert [payment.sequence for payment in ten] == [1, 2, 3, 4, 5, 6]
    assert ten[-1].nominal_date == date(2025, 6, 20)


def test_a_group_in_the_first_days_of_the_calendar_is_one_payment() -> None:
    first = payments(timeline_of(Rule(date.min, "daily", day_convention="preceding")), 6)
    assert [payment.date.day for payment in first] == [1, 2, 3, 4, 5, 8]
    later = next(timeline_of(Rule(date.min, "daily", day_convention="preceding")).occurrences(date(1, 1, 6)))
    assert later.nominal_date == date(1, 1, 8)


@pytest.mark.parametrize(
    ("frequency", "expected"),
    [
        *(("daily", True), ("EvryDay", True), ("EvryWorkgDay", True), ("IntrvlDay:31", True)),
        *(("weekly", False), ("IntrvlWkDay:01:01", False), ("monthly", False), ("once", False), ("dates", False)),
        *(("IntrvlMnthDay:01:01", False), ("WkInMnthDay:01:01", False), ("QtrDay:ENGLISH", False), ("nonsense", False)),
    ],
)
def test_only_what_comes_by_the_day_collapses(frequency: str, expected: bool) -> None:
    assert collapses(frequency) is expected


@given(rule=rules(by_the_day), choice=st.data())
@settings(max_examples=50)
def test_no_day_has_two_payments_and_no_nominal_date_is_lost(rule: Rule, choice: st.DataObject) -> None:
    calendar = choice.draw(calendars(rule.start_date))
    timeline, until = timeline_of(rule, calendar), rule.start_date + timedelta(days=500)
    found = [payment for payment in payments(timeline, 600) if payment.nominal_date <= until]
    paid_on = [payment.date for payment in found]
    assert paid_on == sorted(set(paid_on))
    for day in reference.within_bounds(rule, calendar, until - timedelta(days=40)):
        assert reference.rolled(rule, calendar, day) in paid_on


@given(rule=rules(st.sampled_from(["weekly", "monthly", "IntrvlWkDay:01:06", "IntrvlMnthDay:01:-02"])))
@settings(max_examples=40)
def test_every_date_of_the_others_is_a_payment(rule: Rule) -> None:
    timeline, until = timeline_of(rule, WEEKENDS), rule.start_date + timedelta(days=1000)
    found = [payment.nominal_date for payment in payments(timeline, 200) if payment.nominal_date <= until]
    assert found == reference.within_bounds(rule, WEEKENDS, until)
