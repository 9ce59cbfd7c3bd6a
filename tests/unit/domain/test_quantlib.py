"""Day conventions mean what QuantLib, whose names they bear, takes them to mean."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from quantlib_calendars import CONVENTIONS, MONTHS, PLACES, calendar_from, months_later, ours, theirs
from timelines import payments, timeline_of

from shared.domain.recurrence import Rule
from shared.domain.rolling import roll

CALENDARS = {name: calendar_from(place) for name, place in PLACES.items()}
days = st.dates(date(2005, 1, 1), date(2030, 12, 31))


@pytest.mark.parametrize("convention", CONVENTIONS)
@pytest.mark.parametrize("place", PLACES)
def test_each_day_of_four_years_rolls_as_quantlib_adjusts_it(place: str, convention: str) -> None:
    for offset in range(4 * 365 + 1):
        day = date(2021, 1, 1) + timedelta(days=offset)
        adjusted = ours(PLACES[place].adjust(theirs(day), CONVENTIONS[convention]))
        assert roll(day, convention, CALENDARS[place]) == adjusted, day


@pytest.mark.parametrize("convention", CONVENTIONS)
@given(start=days, interval=st.integers(1, 13), place=st.sampled_from(sorted(PLACES)))
@settings(max_examples=40)
def test_months_clamp_first_and_roll_second_as_quantlib_advances(
    convention: str, start: date, interval: int, place: str
) -> None:
    rule = Rule(start, "monthly", interval, count=12, day_convention=convention)
    advanced = [
        PLACES[place].advance(theirs(start), interval * index, MONTHS, CONVENTIONS[convention], False)
        for index in range(12)
    ]
    # QuantLib leaves a date that is advanced by nothing where it is, but adjusts it.
    assert [payment.date for payment in payments(timeline_of(rule, CALENDARS[place]))] == [
        ours(day) for day in advanced
    ]


@pytest.mark.parametrize("convention", [name for name in CONVENTIONS if name != "none"])
@given(start=days, place=st.sampled_from(sorted(PLACES)))
@settings(max_examples=10)
def test_the_last_day_is_the_end_of_month_of_quantlib_by_any_convention(
    convention: str, start: date, place: str
) -> None:
    rule = Rule(start, "IntrvlMnthDay:01:-01", count=24, day_convention=convention)
    for payment in payments(timeline_of(rule, CALENDARS[place])):
        assert payment.date == ours(PLACES[place].endOfMonth(theirs(payment.nominal_date)))


# From `testBusinessDayConventions` in QuantLib's test-suite/calendars.cpp, all on the calendar of South Africa.
PUBLISHED = [
    ("following", "2015-02-03", 1, "2015-03-03"),
    ("following", "2015-01-31", 1, "2015-03-02"),
    ("modifiedFollowing", "2015-02-03", 1, "2015-03-03"),
    ("modifiedFollowing", "2015-01-31", 1, "2015-02-27"),
    ("modifiedFollowing", "2015-03-25", 1, "2015-04-28"),
    ("modifiedFollowing", "2015-02-07", 1, "2015-03-09"),
    ("preceding", "2015-03-03", -1, "2015-02-03"),
    ("preceding", "2015-03-01", -1, "2015-01-30"),
    ("modifiedPreceding", "2015-03-03", -1, "2015-02-03"),
    ("modifiedPreceding", "2015-03-01", -1, "2015-02-02"),
    ("none", "2015-02-03", 1, "2015-03-03"),
    ("none", "2015-01-31", 1, "2015-02-28"),
    ("nearest", "2015-02-03", 1, "2015-03-03"),
    ("nearest", "2015-04-16", 1, "2015-05-15"),
    ("nearest", "2015-04-17", 1, "2015-05-18"),
    ("nearest", "2015-03-04", 1, "2015-04-02"),
    ("nearest", "2015-04-02", 1, "2015-05-04"),
]


@pytest.mark.parametrize(("convention", "start", "months", "expected"), PUBLISHED)
def test_the_published_cases_of_quantlib(convention: str, start: str, months: int, expected: str) -> None:
    place, first = PLACES["South Africa"], date.fromisoformat(start)
    assert ours(place.advance(theirs(first), months, MONTHS, CONVENTIONS[convention], False)).isoformat() == expected
    moved = ours(months_later(theirs(first), months))
    assert roll(moved, convention, CALENDARS["South Africa"]).isoformat() == expected
    if months > 0:
        rule = Rule(first, "monthly", months, count=2, day_convention=convention)
        assert payments(timeline_of(rule, CALENDARS["South Africa"]))[1].date.isoformat() == expected
