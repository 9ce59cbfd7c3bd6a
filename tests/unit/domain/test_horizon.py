from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from recurrence_oracles import rules, start_dates

from shared.domain.horizon import WRITTEN_WHOLE, Extension, Horizon, extension, initial
from shared.domain.recurrence import Frequency, Occurrence, Rule

START = date(2025, 1, 31)
HORIZON = Horizon()

open_ended = st.builds(
    Rule,
    start_dates,
    st.sampled_from([frequency for frequency in Frequency if frequency != "once"]),
    interval=st.integers(1, 5),
)


def left(written: list[Occurrence], on: date) -> int:
    return sum(occurrence.nominal_date >= on for occurrence in written)


def extend_until_enough(rule: Rule, before: Extension, as_of: date, limit: int = WRITTEN_WHOLE) -> Extension:
    """All that is written after extending as often as `extend_on` asks for on that day."""
    written, reached = list(before.occurrences), before
    while reached.extend_on is not None and reached.extend_on <= as_of:
        reached = extension(rule, reached.next_sequence, HORIZON, as_of, limit)
        assert len(reached.occurrences) <= limit
        written += reached.occurrences
    return Extension(written, reached.next_sequence, reached.extend_on)


def test_an_open_ended_schedule_starts_with_eighteen_events() -> None:
    started = initial(Rule(START, "monthly"), HORIZON, START)
    assert [occurrence.sequence for occurrence in started.occurrences] == list(range(1, 19))
    assert started.occurrences[-1].nominal_date == date(2026, 6, 30)
    assert started.next_sequence == 19


def test_it_is_extended_on_the_first_day_with_fewer_than_twelve_left() -> None:
    started = initial(Rule(START, "monthly"), HORIZON, START)
    assert started.extend_on == date(2025, 8, 1)
    assert left(started.occurrences, date(2025, 7, 31)) == 12
    assert left(started.occurrences, date(2025, 8, 1)) == 11


def test_an_extension_goes_back_to_eighteen() -> None:
    extended = extension(Rule(START, "monthly"), 19, HORIZON, date(2025, 8, 1))
    assert [occurrence.sequence for occurrence in extended.occurrences] == list(range(19, 26))
    assert extended.extend_on == date(2026, 3, 1)


def test_a_daily_schedule_is_written_eighteen_days_ahead() -> None:
    started = initial(Rule(START, "daily"), HORIZON, START)
    assert started.occurrences[-1].date == START + timedelta(days=17)
    assert started.extend_on == START + timedelta(days=7)


def test_a_schedule_that_starts_later_has_eighteen_from_its_start() -> None:
    started = initial(Rule(START, "weekly"), HORIZON, START - timedelta(days=1000))
    assert len(started.occurrences) == 18


@pytest.mark.parametrize("frequency", ["once", "daily", "yearly"])
def test_a_short_bounded_schedule_is_written_whole(frequency: str) -> None:
    rule = Rule(START, frequency, count=None if frequency == "once" else WRITTEN_WHOLE)
    started = initial(rule, HORIZON, START)
    assert started == Extension(list(rule.dates()), (rule.total or 0) + 1, None)
    assert extension(rule, started.next_sequence, HORIZON, START) == ([], started.next_sequence, None)


def test_a_longer_bounded_schedule_is_topped_up_to_its_end() -> None:
    rule = Rule(START, "daily", count=WRITTEN_WHOLE + 1)
    started = initial(rule, HORIZON, START)
    assert len(started.occurrences) == 18
    reached = started
    for day in range(WRITTEN_WHOLE + 50):
        reached = extend_until_enough(rule, reached, START + timedelta(days=day))
    assert reached.occurrences == list(rule.dates())
    assert reached.extend_on is None


def test_years_of_downtime_lose_no_date_and_come_in_bounded_portions() -> None:
    rule = Rule(START, "daily")
    as_of = START + timedelta(days=2000)
    started = initial(rule, HORIZON, START)
    first = extension(rule, started.next_sequence, HORIZON, as_of)
    assert len(first.occurrences) == 400
    assert first.extend_on == as_of
    caught_up = extend_until_enough(rule, started, as_of)
    assert [occurrence.sequence for occurrence in caught_up.occurrences] == list(range(1, 2019))
    assert caught_up.extend_on == as_of + timedelta(days=7)


def test_a_rule_that_ended_during_downtime_is_written_to_its_end() -> None:
    rule = Rule(START, "daily", count=1000)
    caught_up = extend_until_enough(rule, initial(rule, HORIZON, START), START + timedelta(days=5000))
    assert caught_up == (list(rule.dates()), 1001, None)


def test_a_rule_that_ended_during_downtime_comes_in_portions_too() -> None:
    rule, long_after = Rule(START, "daily", count=1000), START + timedelta(days=5000)
    assert extension(rule, 1, HORIZON, long_after, limit=5) == (list(rule.dates())[:5], 6, long_after)
    assert extension(rule, 996, HORIZON, long_after, limit=5) == (list(rule.dates())[-5:], 1001, None)


def test_extending_again_on_the_same_day_adds_nothing() -> None:
    rule = Rule(START, "weekly")
    extended = extension(rule, 19, HORIZON, date(2025, 5, 1))
    again = extension(rule, extended.next_sequence, HORIZON, date(2025, 5, 1))
    assert again == ([], extended.next_sequence, extended.extend_on)


def test_the_end_of_the_calendar_ends_an_open_ended_schedule() -> None:
    rule = Rule(date(9999, 10, 31), "monthly")
    assert initial(rule, HORIZON, date(9999, 10, 31)) == (list(rule.dates()), 4, None)


@pytest.mark.parametrize("cycles", [(0, 18), (12, 11), (12, 401), (-1, -1)])
def test_a_horizon_that_could_never_be_reached_is_refused(cycles: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="cycles"):
        Horizon(*cycles)


@given(rule=open_ended, days_late=st.integers(0, 900), limit=st.integers(1, 60))
def test_after_an_extension_eighteen_are_left_and_none_is_missing(rule: Rule, days_late: int, limit: int) -> None:
    as_of = rule.start_date + timedelta(days=days_late)
    started = initial(rule, HORIZON, rule.start_date)
    reached = extend_until_enough(rule, started, as_of, limit)
    expected = [rule.date_of(sequence) for sequence in range(1, reached.next_sequence)]
    assert [occurrence.nominal_date for occurrence in reached.occurrences] == expected
    was_due = started.extend_on is not None and started.extend_on <= as_of
    assert left(reached.occurrences, as_of) == 18 if was_due else left(reached.occurrences, as_of) >= 12


@given(rule=rules(), days_late=st.integers(0, 900))
def test_the_next_extension_is_due_on_the_first_day_below_twelve(rule: Rule, days_late: int) -> None:
    as_of = rule.start_date + timedelta(days=days_late)
    reached = extend_until_enough(rule, initial(rule, HORIZON, rule.start_date), as_of)
    if reached.extend_on is None:
        assert rule.date_of(reached.next_sequence) is None
    else:
        assert left(reached.occurrences, reached.extend_on) < 12
        assert left(reached.occurrences, reached.extend_on - timedelta(days=1)) >= 12


@given(rule=open_ended, low=st.integers(1, 30), more=st.integers(0, 30), days_late=st.integers(0, 2000))
def test_one_extension_without_limit_is_enough_for_any_horizon(rule: Rule, low: int, more: int, days_late: int) -> None:
    horizon = Horizon(low, low + more)
    as_of = rule.start_date + timedelta(days=days_late)
    extended = extension(rule, 1, horizon, as_of, limit=10_000)
    assert left(extended.occurrences, as_of) == low + more
    assert extended.extend_on is not None
    assert extended.extend_on > as_of
