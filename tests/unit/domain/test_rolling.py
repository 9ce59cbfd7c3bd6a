from __future__ import annotations

from datetime import date, timedelta

import pytest
import reference
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import CONVENTIONS, calendars, start_dates
from timelines import ENGLAND, WEEKENDS, calendar_of, dates, payments, timeline_of

from shared.domain.recurrence import Rule
from shared.domain.rolling import Shift, first_working_from, roll

BY_CONVENTION = ("none", "following", "modifiedFollowing", "preceding", "modifiedPreceding", "nearest")


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        ("2025-06-11", "06-11 06-11 06-11 06-11 06-11 06-11"),  # a Wednesday
        ("2025-06-14", "06-14 06-16 06-16 06-13 06-13 06-13"),  # a Saturday: Friday is nearer
        ("2025-06-15", "06-15 06-16 06-16 06-13 06-13 06-16"),  # a Sunday: Monday is nearer
        ("2025-05-31", "05-31 06-02 05-30 05-30 05-30 05-30"),  # a Saturday that ends its month
        ("2025-06-01", "06-01 06-02 06-02 05-30 06-02 06-02"),  # a Sunday that begins its month
        ("2025-04-19", "04-19 04-22 04-22 04-17 04-17 04-17"),  # the Saturday between Good Friday and Easter Monday
        ("2025-04-20", "04-20 04-22 04-22 04-17 04-17 04-22"),
        ("2025-12-25", "12-25 12-29 12-29 12-24 12-24 12-24"),
        ("2024-03-31", "03-31 04-02 03-28 03-28 03-28 04-02"),  # Easter Sunday at the end of March
    ],
)
def test_each_convention_rolls_as_its_name_says(day: str, expected: str) -> None:
    rolled = [roll(date.fromisoformat(day), convention, ENGLAND).isoformat()[5:] for convention in BY_CONVENTION]
    assert rolled == expected.split()


def test_a_tie_of_the_nearest_goes_forward() -> None:
    midweek = calendar_of({date(2025, 6, 11): "a strike"})
    assert roll(date(2025, 6, 11), "nearest", midweek) == date(2025, 6, 12)


def test_a_weekend_day_that_is_worked_stays() -> None:
    worked = calendar_of({}, worked=frozenset({date(2025, 6, 14)}))
    assert roll(date(2025, 6, 14), "following", worked) == date(2025, 6, 14)
    assert roll(date(2025, 6, 15), "preceding", worked) == date(2025, 6, 14)


def test_the_nominal_grid_never_moves() -> None:
    rule = Rule(date(2025, 5, 31), "monthly", day_convention="following")
    paid = payments(timeline_of(rule), 4)
    assert [payment.nominal_date.isoformat() for payment in paid] == [
        "2025-05-31",
        "2025-06-30",
        "2025-07-31",
        "2025-08-31",
    ]
    assert [payment.date.isoformat() for payment in paid] == ["2025-06-02", "2025-06-30", "2025-07-31", "2025-09-01"]


def test_a_month_end_is_clamped_first_and_rolled_second() -> None:
    # 28 February 2026 is a Saturday; rolled from the 31st, it would be 2 March or 30 January.
    assert dates("2026-01-31", "monthly", 2, day_convention="modifiedFollowing") == ["2026-01-30", "2026-02-27"]
    assert dates("2026-01-31", "monthly", 2, day_convention="following") == ["2026-02-02", "2026-03-02"]


def test_a_rolled_date_may_precede_the_start_and_follow_the_end() -> None:
    assert dates("2025-06-01", "monthly", 1, day_convention="preceding") == ["2025-05-30"]
    ends = dates("2025-05-31", "monthly", 9, day_convention="following", end_date=date(2025, 8, 31))
    assert ends[-1] == "2025-09-01"


@pytest.mark.parametrize("convention", [name for name in CONVENTIONS if name != "none"])
def test_the_last_day_of_the_month_only_ever_rolls_backward(convention: str) -> None:
    rule = Rule(date(2025, 5, 1), "IntrvlMnthDay:01:-01", count=4, day_convention=convention)
    timeline = timeline_of(rule)
    paid = payments(timeline)
    assert [payment.date.isoformat() for payment in paid] == ["2025-05-30", "2025-06-30", "2025-07-31", "2025-08-29"]
    assert timeline.shift_of(paid[0]) == Shift("preceding", "Saturday")


def test_the_last_day_without_a_convention_stays() -> None:
    assert dates("2025-05-01", "IntrvlMnthDay:01:-01", 1) == ["2025-05-31"]


@pytest.mark.parametrize(("convention", "expected"), [("following", "2025-06-02"), ("preceding", "2025-05-30")])
@pytest.mark.parametrize("frequency", ["IntrvlMnthDay:01:31", "monthly"])
def test_the_thirty_first_is_not_the_last_day_and_rolls_as_it_says(
    frequency: str, convention: str, expected: str
) -> None:
    assert dates("2025-05-31", frequency, 1, day_convention=convention) == [expected]


def test_the_last_day_but_one_rolls_as_its_convention_says() -> None:
    # 30 August 2025 is a Saturday.
    assert dates("2025-08-01", "IntrvlMnthDay:01:-02", 1, day_convention="following") == ["2025-09-01"]
    assert dates("2025-08-01", "IntrvlMnthDay:01:-02", 1, day_convention="modifiedFollowing") == ["2025-08-29"]
    assert dates("2025-08-01", "IntrvlMnthDay:01:-02", 1, day_convention="nearest") == ["2025-08-29"]


def test_every_working_day_leaves_out_weekends_and_holidays() -> None:
    # From Maundy Thursday 2025 to the Wednesday after Easter.
    assert dates("2025-04-17", "EvryWorkgDay", 3, ENGLAND) == ["2025-04-17", "2025-04-22", "2025-04-23"]
    assert dates("2025-04-19", "EvryWorkgDay", 1, ENGLAND) == ["2025-04-22"]


def test_the_first_working_day_is_the_day_itself_if_it_is_worked() -> None:
    assert first_working_from(date(2025, 4, 17), ENGLAND) == date(2025, 4, 17)
    assert first_working_from(date(2025, 4, 18), ENGLAND) == date(2025, 4, 22)


def test_nothing_rolls_out_of_the_calendar() -> None:
    first, last = calendar_of({date.min: "closed"}), calendar_of({date.max: "closed"})
    assert roll(date.min, "preceding", first) == date.min
    assert roll(date.max, "following", last) == date.max
    assert roll(date.min, "following", first) == date(1, 1, 2)
    assert roll(date.max, "preceding", last) == date(9999, 12, 30)


@given(start=start_dates, offset=st.integers(0, 1500), convention=st.sampled_from(CONVENTIONS), choice=st.data())
@settings(max_examples=80)
def test_a_day_rolls_to_the_working_day_that_counting_on_fingers_finds(
    start: date, offset: int, convention: str, choice: st.DataObject
) -> None:
    calendar, day = choice.draw(calendars(start)), start + timedelta(days=offset)
    rule = Rule(day, "once", day_convention=convention)
    assert roll(day, convention, calendar) == reference.rolled(rule, calendar, day)
    assert convention == "none" or calendar.is_working(roll(day, convention, calendar))


@given(start=start_dates, convention=st.sampled_from(CONVENTIONS))
@settings(max_examples=30)
def test_rolling_never_changes_the_order_of_days(start: date, convention: str) -> None:
    rolled = [roll(start + timedelta(days=offset), convention, WEEKENDS) for offset in range(40)]
    assert rolled == sorted(rolled)
