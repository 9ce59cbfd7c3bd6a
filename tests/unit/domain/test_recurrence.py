"""The payments of a schedule that was never changed are those that a person with a paper calendar finds."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import product, takewhile

import pytest
import reference
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import CONVENTIONS, MONTH_ENDS, calendars, rules
from timelines import ENGLAND, TERMS, WEEKENDS, timeline_of

from shared.domain.calendar import Calendar
from shared.domain.frequency import collapses
from shared.domain.recurrence import Rule
from shared.domain.timeline import Terms

LOOKED_AT = timedelta(days=1400)
LONGEST_SHIFT = timedelta(days=40)
AMOUNTS = Terms(2500, "payee", None, first_amount=100, final_amount=999)

FREQUENCIES = [
    *("once", "daily", "weekly", "fortnightly", "monthly", "quarterly", "halfYearly", "yearly", "dates"),
    *("EvryDay", "EvryWorkgDay", "IntrvlDay:02", "IntrvlDay:31", "IntrvlWkDay:01:06", "IntrvlWkDay:03:07"),
    *("WkInMnthDay:01:06", "WkInMnthDay:05:07", "IntrvlMnthDay:01:31", "IntrvlMnthDay:02:30", "IntrvlMnthDay:06:29"),
    *("IntrvlMnthDay:12:29", "IntrvlMnthDay:01:-01", "IntrvlMnthDay:03:-02", "IntrvlMnthDay:24:-05"),
    *("QtrDay:ENGLISH", "QtrDay:SCOTTISH", "QtrDay:RECEIVED"),
]
STARTS = [date(2024, 1, 31), date(2024, 2, 29), date(2025, 4, 20)]
ENDS = ["open", "count", "date"]
COUNT, LAST_DAY = 7, date(2025, 8, 31)
LISTED = tuple(map(date.fromisoformat, ("2024-03-29", "2024-03-30", "2024-06-03", "2024-12-25", "2024-12-26")))


def rule_of(start: date, frequency: str, month_end: str, convention: str, end: str, interval: int = 1) -> Rule:
    if frequency in ("once", "dates"):
        listed = LISTED if frequency == "dates" else ()
        start = listed[0] if listed else start
        return Rule(start, frequency, month_end=month_end, day_convention=convention, dates=listed)
    return Rule(
        start,
        frequency,
        interval,
        count=COUNT if end == "count" else None,
        end_date=LAST_DAY if end == "date" else None,
        month_end=month_end,
        day_convention=convention,
    )


def found(rule: Rule, calendar: Calendar, terms: Terms, until: date) -> list[reference.Payment]:
    occurrences = takewhile(
        lambda payment: payment.nominal_date <= until, timeline_of(rule, calendar, terms).occurrences()
    )
    return [reference.Payment(*occurrence[:4]) for occurrence in occurrences]


def expected(rule: Rule, calendar: Calendar, terms: Terms, until: date) -> list[reference.Payment]:
    # A date shortly after `until` could be the one that stays of those that fall on one day; and which is the last,
    # only the end date says.
    known = reference.paid(rule, calendar, terms, max(until + LONGEST_SHIFT, rule.end_date or until))
    return [payment for payment in known if payment.nominal_date <= until]


@pytest.mark.parametrize("convention", CONVENTIONS)
@pytest.mark.parametrize("frequency", FREQUENCIES)
def test_every_rule_pays_as_on_a_paper_calendar(frequency: str, convention: str) -> None:
    looked_at = timedelta(days=100 if collapses(frequency) else 500)
    for start, month_end, end in product(STARTS, MONTH_ENDS, ENDS):
        rule = rule_of(start, frequency, month_end, convention, end)
        until = start + looked_at
        paid = found(rule, ENGLAND, AMOUNTS, until)
        assert paid == expected(rule, ENGLAND, AMOUNTS, until), rule
        assert paid, rule


@given(rule=rules(), choice=st.data())
@settings(max_examples=120)
def test_any_rule_on_any_calendar_pays_as_on_a_paper_calendar(rule: Rule, choice: st.DataObject) -> None:
    calendar = choice.draw(calendars(rule.start_date))
    until = rule.start_date + LOOKED_AT
    assert found(rule, calendar, TERMS, until) == expected(rule, calendar, TERMS, until)


@given(
    rule=rules(ends=("open", "date")),
    frequency=st.sampled_from(["monthly", "quarterly", "halfYearly", "yearly"]),
    day_of_month=st.integers(28, 31),
)
@settings(max_examples=100)
def test_an_anchor_that_is_kept_over_a_short_month_gives_its_day_again(
    rule: Rule, frequency: str, day_of_month: int
) -> None:
    kept = Rule(
        rule.start_date,
        frequency,
        rule.interval,
        end_date=rule.end_date,
        month_end=rule.month_end,
        day_convention=rule.day_convention,
        day_of_month=day_of_month,
    )
    until = rule.start_date + LOOKED_AT
    assert found(kept, WEEKENDS, TERMS, until) == expected(kept, WEEKENDS, TERMS, until)


@given(rule=rules(), day=st.integers(-40, 1200))
@settings(max_examples=100)
def test_a_rule_gives_a_day_or_not_as_the_list_of_its_dates_says(rule: Rule, day: int) -> None:
    on, until = rule.start_date + timedelta(days=day), rule.start_date + LOOKED_AT
    listed = reference.within_bounds(rule, WEEKENDS, until)
    timeline = timeline_of(rule)
    assert timeline.gives(on) == (on in listed)
    assert [date for date, _ in takewhile(lambda pair: pair[0] <= until, timeline.nominal_dates(on))] == [
        date for date in listed if date >= on
    ]
