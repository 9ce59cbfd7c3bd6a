from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import by_the_day, calendars, codes, open_ended_names, revisions, rules
from timelines import WEEKENDS, payments, timeline_of

from shared.domain.horizon import WRITTEN_WHOLE, Extension, Horizon, Reach, extension, reach
from shared.domain.recurrence import Rule
from shared.domain.timeline import Occurrence, Revision, Timeline

START = date(2025, 1, 31)
HORIZON = Horizon()

open_ended = rules(open_ended_names | codes, ends=("open",))


def monthly(**fields: Any) -> Timeline:
    return timeline_of(Rule(START, "monthly", **fields))


def daily(**fields: Any) -> Timeline:
    return timeline_of(Rule(START, "daily", **fields))


def left(written: list[Occurrence], on: date) -> int:
    return sum(occurrence.nominal_date >= on for occurrence in written)


def first_written(timeline: Timeline, as_of: date = START, limit: int = WRITTEN_WHOLE) -> Extension:
    return extension(timeline, None, 1, HORIZON, as_of, limit)


def extend_until_enough(timeline: Timeline, before: Extension, as_of: date, limit: int = WRITTEN_WHOLE) -> Extension:
    """All that is written after extending as often as `extend_on` asks for on that day."""
    written, reached = list(before.occurrences), before
    while reached.extend_on is not None and reached.extend_on <= as_of:
        reached = extension(timeline, reached.through, reached.next_sequence, HORIZON, as_of, limit)
        assert len(reached.occurrences) <= limit
        written += reached.occurrences
    return reached._replace(occurrences=written)


def test_an_open_ended_schedule_starts_with_eighteen_events() -> None:
    started = first_written(monthly())
    assert [occurrence.sequence for occurrence in started.occurrences] == list(range(1, 19))
    assert started.occurrences[-1].nominal_date == started.through == date(2026, 6, 30)
    assert started.next_sequence == 19


def test_it_is_extended_on_the_first_day_with_fewer_than_twelve_left() -> None:
    started = first_written(monthly())
    assert started.extend_on == date(2025, 8, 1)
    assert left(started.occurrences, date(2025, 7, 31)) == 12
    assert left(started.occurrences, date(2025, 8, 1)) == 11


def test_an_extension_goes_back_to_eighteen() -> None:
    extended = extension(monthly(), date(2026, 6, 30), 19, HORIZON, date(2025, 8, 1))
    assert [occurrence.sequence for occurrence in extended.occurrences] == list(range(19, 26))
    assert extended.extend_on == date(2026, 3, 1)


def test_a_daily_schedule_is_written_eighteen_days_ahead() -> None:
    assert reach(daily(), HORIZON, START) == Reach(START + timedelta(days=17), START + timedelta(days=7))


def test_days_that_collapse_are_not_counted_as_written() -> None:
    rule = Rule(date(2025, 6, 2), "daily", day_convention="following")
    started = first_written(timeline_of(rule), date(2025, 6, 2))
    assert len(started.occurrences) == 18
    assert {occurrence.date.weekday() for occurrence in started.occurrences} == {0, 1, 2, 3, 4}


def test_a_schedule_that_starts_later_has_eighteen_from_its_start() -> None:
    started = first_written(timeline_of(Rule(START, "weekly")), START - timedelta(days=1000))
    assert len(started.occurrences) == 18


@pytest.mark.parametrize("frequency", ["once", "daily", "weekly", "EvryWorkgDay", "IntrvlMnthDay:24:31"])
def test_a_bounded_schedule_of_four_hundred_dates_is_written_whole(frequency: str) -> None:
    timeline = timeline_of(Rule(START, frequency, count=None if frequency == "once" else WRITTEN_WHOLE))
    whole = payments(timeline)
    started = first_written(timeline)
    assert started == Extension(whole, len(whole) + 1, whole[-1].nominal_date, None)
    assert extension(timeline, started.through, started.next_sequence, HORIZON, START).occurrences == []


def test_listed_dates_are_written_whole() -> None:
    listed = tuple(START + timedelta(days=offset) for offset in range(WRITTEN_WHOLE))
    started = first_written(timeline_of(Rule(START, "dates", dates=listed)), START - timedelta(days=1))
    assert [occurrence.nominal_date for occurrence in started.occurrences] == list(listed)
    assert started.extend_on is None


def test_a_longer_bounded_schedule_is_topped_up_to_its_end() -> None:
    timeline = daily(count=WRITTEN_WHOLE + 1)
    reached = first_written(timeline)
    assert len(reached.occurrences) == 18
    for day in range(0, WRITTEN_WHOLE + 50, 3):
        reached = extend_until_enough(timeline, reached, START + timedelta(days=day))
    assert reached.occurrences == payments(timeline)
    assert reached.extend_on is None


def test_years_of_downtime_lose_no_date_and_come_in_bounded_portions() -> None:
    as_of = START + timedelta(days=2000)
    started = first_written(daily())
    first = extension(daily(), started.through, started.next_sequence, HORIZON, as_of)
    assert len(first.occurrences) == 400
    assert first.extend_on == as_of
    caught_up = extend_until_enough(daily(), started, as_of)
    assert [occurrence.sequence for occurrence in caught_up.occurrences] == list(range(1, 2019))
    assert caught_up.extend_on == as_of + timedelta(days=7)


def test_a_rule_that_ended_during_downtime_comes_whole_and_in_portions() -> None:
    timeline, long_after = daily(count=1000), START + timedelta(days=5000)
    whole = payments(timeline)
    caught_up = extend_until_enough(timeline, first_written(timeline), long_after)
    assert caught_up == (whole, 1001, whole[-1].nominal_date, None)
    assert extension(timeline, None, 1, HORIZON, long_after, limit=5) == (
        whole[:5],
        6,
        whole[4].nominal_date,
        long_after,
    )
    assert extension(timeline, whole[994].nominal_date, 996, HORIZON, long_after, limit=5) == (
        whole[-5:],
        1001,
        whole[-1].nominal_date,
        None,
    )


def test_extending_again_on_the_same_day_adds_nothing() -> None:
    timeline = timeline_of(Rule(START, "weekly"))
    extended = extension(timeline, None, 1, HORIZON, date(2025, 5, 1))
    again = extension(timeline, extended.through, extended.next_sequence, HORIZON, date(2025, 5, 1))
    assert again == ([], extended.next_sequence, extended.through, extended.extend_on)


def test_the_end_of_the_calendar_ends_an_open_ended_schedule() -> None:
    timeline = timeline_of(Rule(date(9999, 10, 31), "monthly"))
    started = first_written(timeline, date(9999, 10, 31))
    assert [occurrence.nominal_date.month for occurrence in started.occurrences] == [10, 11, 12]
    assert (started.through, started.extend_on) == (date(9999, 12, 31), None)
    again = extension(timeline, started.through, started.next_sequence, HORIZON, date.max)
    assert again == ([], 4, date.max, None)


def test_a_rule_that_gives_no_date_is_written_at_once() -> None:
    timeline = timeline_of(Rule(START, "QtrDay:ENGLISH", end_date=date(2025, 3, 1)))
    assert first_written(timeline) == Extension([], 1, START, None)


@pytest.mark.parametrize("cycles", [(0, 18), (12, 11), (12, 401), (-1, -1)])
def test_a_horizon_that_could_never_be_reached_is_refused(cycles: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="cycles"):
        Horizon(*cycles)


@given(rule=open_ended, days_late=st.integers(0, 900), limit=st.integers(1, 60))
@settings(max_examples=60)
def test_after_an_extension_eighteen_are_left_and_none_is_missing(rule: Rule, days_late: int, limit: int) -> None:
    timeline, as_of = timeline_of(rule), rule.start_date + timedelta(days=days_late)
    started = first_written(timeline, rule.start_date)
    reached = extend_until_enough(timeline, started, as_of, limit)
    assert reached.occurrences == payments(timeline, len(reached.occurrences))
    assert reached.next_sequence == len(reached.occurrences) + 1
    was_due = started.extend_on is not None and started.extend_on <= as_of
    assert left(reached.occurrences, as_of) == 18 if was_due else left(reached.occurrences, as_of) >= 12


@given(rule=rules(), days_late=st.integers(0, 900))
@settings(max_examples=60)
def test_the_next_extension_is_due_on_the_first_day_below_twelve(rule: Rule, days_late: int) -> None:
    timeline, as_of = timeline_of(rule), rule.start_date + timedelta(days=days_late)
    reached = extend_until_enough(timeline, first_written(timeline, rule.start_date), as_of)
    if reached.extend_on is None:
        assert reached.occurrences == payments(timeline, len(reached.occurrences) + 1)
    else:
        assert left(reached.occurrences, reached.extend_on) < 12
        assert left(reached.occurrences, reached.extend_on - timedelta(days=1)) >= 12


@given(rule=open_ended, low=st.integers(1, 30), more=st.integers(0, 30), days_late=st.integers(0, 900))
@settings(max_examples=40)
def test_one_extension_without_limit_is_enough_for_any_horizon(rule: Rule, low: int, more: int, days_late: int) -> None:
    horizon = Horizon(low, low + more)
    as_of = rule.start_date + timedelta(days=days_late)
    extended = extension(timeline_of(rule), None, 1, horizon, as_of, limit=10_000)
    assert left(extended.occurrences, as_of) == low + more
    assert extended.extend_on is not None
    assert extended.extend_on > as_of


def in_steps(timeline: Timeline, steps: list[tuple[int, int]]) -> Extension:
    """What is written after extending some days later and up to a limit, again and again."""
    as_of = timeline.revisions[0].from_date
    reached, written = first_written(timeline, as_of, limit=3), list[Occurrence]()
    written += reached.occurrences
    for days, limit in steps:
        as_of += timedelta(days=days)
        reached = extension(timeline, reached.through, reached.next_sequence, HORIZON, as_of, limit)
        written += reached.occurrences
    return reached._replace(occurrences=written)


steps = st.lists(st.tuples(st.integers(0, 60), st.integers(1, 12)), min_size=1, max_size=10)


@given(rule=rules(by_the_day | open_ended_names | codes), walked=steps, choice=st.data())
@settings(max_examples=60)
def test_extending_in_any_steps_writes_what_the_whole_is(
    rule: Rule, walked: list[tuple[int, int]], choice: st.DataObject
) -> None:
    timeline = timeline_of(rule, choice.draw(calendars(rule.start_date)))
    reached = in_steps(timeline, walked)
    assert reached.occurrences == payments(timeline, len(reached.occurrences))


@given(made=revisions(), walked=steps)
@settings(max_examples=60)
def test_extending_over_revisions_in_any_steps_writes_what_the_whole_is(
    made: list[Revision], walked: list[tuple[int, int]]
) -> None:
    timeline = Timeline.of(made, {"GB-ENG": WEEKENDS})
    reached = in_steps(timeline, walked)
    assert reached.occurrences == payments(timeline, len(reached.occurrences))
