"""Dates that come by the day and roll onto one day are one payment; others remain two."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import islice

import pytest
import reference
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import by_the_day, calendars, revisions, rules
from timelines import WEEKENDS, calendar_of, payments, revised, timeline_of

from shared.domain.frequency import collapses
from shared.domain.recurrence import Rule
from shared.domain.timeline import Revision, Timeline

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


FOLLOWING = Rule(FRIDAY, "daily", day_convention="following")
PRECEDING = Rule(FRIDAY, "daily", day_convention="preceding")


def over(*changes: tuple[str, Rule]) -> list[str]:
    found = payments(revised(*changes), 20)
    return [f"{item.nominal_date:%a %d} on {item.date:%a %d} by {item.revision.number}" for item in found]


def test_over_a_seam_the_date_that_needs_no_shift_stays() -> None:
    # Saturday follows to Monday, Sunday precedes to Friday: no neighbours fall onto one day.
    assert over(("2025-06-13", FOLLOWING), ("2025-06-15", PRECEDING))[:3] == [
        "Fri 13 on Fri 13 by 1",
        "Mon 16 on Mon 16 by 2",
        "Tue 17 on Tue 17 by 2",
    ]


def test_over_a_seam_the_earliest_stays_where_all_are_shifted() -> None:
    third = Rule(date(2025, 6, 14), "IntrvlDay:03", day_convention="following")
    other = Rule(date(2025, 6, 15), "IntrvlDay:04", day_convention="following")
    assert over(("2025-06-14", third), ("2025-06-15", other))[:2] == ["Sat 14 on Mon 16 by 1", "Thu 19 on Thu 19 by 2"]


def test_a_day_that_has_its_payment_takes_no_other() -> None:
    third = Rule(date(2025, 6, 14), "IntrvlDay:03", day_convention="following")
    timeline = revised(("2025-06-14", third), ("2025-06-16", FOLLOWING))
    saturday, monday = date(2025, 6, 14), date(2025, 6, 16)
    assert [item.nominal_date.day for item in islice(timeline.occurrences(), 2)] == [16, 17]
    assert [item.nominal_date.day for item in islice(timeline.occurrences(held={monday: saturday}), 2)] == [14, 17]
    assert next(timeline.occurrences(monday, held={monday: saturday})).nominal_date.day == 17


def test_over_a_seam_with_a_rule_by_the_week_both_remain() -> None:
    weekly = Rule(date(2025, 6, 14), "weekly", day_convention="following")
    assert over(("2025-06-14", weekly), ("2025-06-16", FOLLOWING))[:2] == [
        "Sat 14 on Mon 16 by 1",
        "Mon 16 on Mon 16 by 2",
    ]


def test_a_closure_of_two_months_leaves_one_payment() -> None:
    closed = {date(2025, 6, 16) + timedelta(days=offset): "closed" for offset in range(60)}
    timeline = timeline_of(FOLLOWING, calendar_of(closed))
    assert [item.date for item in payments(timeline, 2)] == [FRIDAY, date(2025, 8, 15)]
    assert next(timeline.occurrences(date(2025, 8, 1))).nominal_date == date(2025, 8, 15)


@given(made=revisions(by_the_day), choice=st.data())
@settings(max_examples=60)
def test_over_all_revisions_a_day_has_one_payment_and_each_nominal_date_its_day(
    made: list[Revision], choice: st.DataObject
) -> None:
    calendar = choice.draw(calendars(made[0].from_date))
    timeline, until = Timeline.of(made, {"GB-ENG": calendar}), made[0].from_date + timedelta(days=700)
    found = [item for item in payments(timeline, 900) if item.nominal_date <= until]
    rivals: dict[date, list[date]] = {}
    for day, revision in reference.nominal_over_revisions(made, calendar, until + timedelta(days=40)):
        rivals.setdefault(reference.rolled(revision.rule, calendar, day), []).append(day)
    chosen = sorted((paid_on if paid_on in days else days[0], paid_on) for paid_on, days in rivals.items())
    expected = [pair for pair in chosen if pair[0] <= until]
    assert [(item.nominal_date, item.date) for item in found] == expected


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
