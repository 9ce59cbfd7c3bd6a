"""What lies far ahead: how many dates come before it, and the last one, without a walk through all of them."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import takewhile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import revisions, rules
from timelines import WEEKENDS, revised, timeline_of

from shared.domain.calendar import Calendar, YearDays
from shared.domain.horizon import MOST_AHEAD, is_far_ahead
from shared.domain.recurrence import Rule
from shared.domain.timeline import Revision, Timeline

DAILY = Rule(date(2027, 1, 1), "daily")


@given(rule=rules(ends=("open", "date")), first=st.integers(-40, 900), days=st.integers(-5, 900))
@settings(max_examples=100)
def test_a_rule_gives_no_more_dates_than_it_may_nor_may_it_by_many(rule: Rule, first: int, days: int) -> None:
    since, timeline = rule.start_date + timedelta(days=first), timeline_of(rule)
    until = since + timedelta(days=days)
    number = sum(1 for _ in takewhile(lambda day: day <= until, (day for day, _ in timeline.nominal_dates(since))))
    slack = 3 + max(days, 0) // (1 if rule.frequency == "EvryWorkgDay" else 31)
    assert number <= timeline.at_most_between(since, until) <= number + slack


@given(made=revisions(), first=st.integers(0, 900), days=st.integers(0, 900))
@settings(max_examples=60)
def test_no_schedule_that_was_changed_gives_more_dates_than_it_may(made: list[Revision], first: int, days: int) -> None:
    timeline = Timeline.of(made, {"GB-ENG": WEEKENDS})
    since = made[0].from_date + timedelta(days=first)
    until = since + timedelta(days=days)
    number = timeline.number_before(until + timedelta(days=1)) - timeline.number_before(since)
    assert timeline.at_most_between(since, until) >= number


@given(made=revisions())
@settings(max_examples=100)
def test_the_last_date_is_the_last_that_a_schedule_gives(made: list[Revision]) -> None:
    timeline = Timeline.of(made, {"GB-ENG": WEEKENDS})
    if timeline.bounded:
        assert timeline.last_date() == max((day for day, _ in timeline.nominal_dates()), default=None)


def test_the_last_date_is_found_from_the_end() -> None:
    asked: list[int] = []

    def ask(year: int) -> YearDays:
        asked.append(year)
        return YearDays({}, frozenset())

    rule = Rule(date(2027, 1, 1), "EvryWorkgDay", end_date=date(9999, 12, 26))
    assert timeline_of(rule, Calendar("GB-ENG", frozenset({5, 6}), ask)).last_date() == date(9999, 12, 24)
    assert asked == [9999]


def test_a_count_is_walked_through_no_further_than_it_goes() -> None:
    asked: list[int] = []

    def ask(year: int) -> YearDays:
        asked.append(year)
        return YearDays({}, frozenset())

    rule = Rule(date(2027, 1, 1), "EvryWorkgDay", count=1000)
    timeline = timeline_of(rule, Calendar("GB-ENG", frozenset({5, 6}), ask))
    assert timeline.number_before(date(9999, 12, 1)) == 1000
    assert asked == [2027, 2028, 2029, 2030]


def test_the_last_date_of_a_rule_that_ended_long_before_the_end_is_found() -> None:
    rare = Rule(date(2027, 2, 28), "yearly", 999, end_date=date(4023, 1, 1))
    assert timeline_of(rare).last_date() == date(3026, 2, 28)


@pytest.mark.parametrize(
    ("rule", "last_near"),
    [
        (DAILY, date(2027, 1, 1) + timedelta(days=MOST_AHEAD)),
        (Rule(date(2027, 1, 1), "weekly"), date(2027, 1, 1) + timedelta(weeks=MOST_AHEAD)),
        (Rule(date(2027, 1, 1), "daily", count=5), date(9999, 12, 31)),
        (Rule(date(2027, 1, 1), "daily", end_date=date(2030, 1, 1)), date(9999, 12, 31)),
        (Rule(date(2027, 1, 1), "yearly"), date(6000, 1, 1)),
    ],
)
def test_how_far_ahead_an_event_is_depends_on_the_dates_that_come_before_it(rule: Rule, last_near: date) -> None:
    timeline, written = timeline_of(rule), date(2027, 1, 1)
    assert not is_far_ahead(timeline, written, last_near)
    if not rule.bounded:
        assert is_far_ahead(timeline, written, date(9999, 12, 31))


def test_dates_of_an_earlier_rule_are_as_far_as_they_are_many() -> None:
    timeline = revised(("2027-01-01", DAILY), ("2060-01-01", Rule(date(2060, 1, 1), "yearly")))
    assert is_far_ahead(timeline, date(2027, 1, 1), date(2060, 1, 1))
    assert not is_far_ahead(timeline, date(2059, 1, 1), date(2070, 1, 1))
    assert not is_far_ahead(timeline, date.max, date.max)
