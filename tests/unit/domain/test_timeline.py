"""A schedule over its revisions: which one is in force, what it gives, how dates are counted over the seams."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import islice, takewhile

import pytest
import reference
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import by_the_day, calendars, frequencies_of_all_kinds, revisions, rules
from timelines import TERMS, WEEKENDS, nominal, payments, revised, timeline_of

from shared.domain.recurrence import Rule
from shared.domain.timeline import Revision, Timeline

MONTHLY = Rule(date(2025, 1, 31), "monthly")
WEEKLY = Rule(date(2025, 4, 4), "weekly")
LOOKED_AT = timedelta(days=700)


def in_force(timeline: Timeline) -> list[int]:
    return [revision.number for revision in timeline.revisions]


def of(made: list[Revision]) -> Timeline:
    return Timeline.of(made, {"GB-ENG": WEEKENDS})


def test_a_revision_is_in_force_from_its_date_on() -> None:
    timeline = revised(("2025-01-31", MONTHLY), ("2025-04-04", WEEKLY))
    assert timeline.in_force(date(2025, 1, 30)) is None
    found = [timeline.in_force(date(2025, month, day)) for month, day in ((1, 31), (4, 3), (4, 4), (12, 31))]
    assert [revision.number for revision in found if revision] == [1, 1, 2, 2]
    assert timeline.last.number == 2


def test_a_later_revision_with_an_earlier_date_replaces() -> None:
    later = ("2025-06-06", WEEKLY)
    assert in_force(revised(("2025-01-31", MONTHLY), later, ("2025-04-04", WEEKLY))) == [1, 3]
    assert in_force(revised(("2025-01-31", MONTHLY), later, ("2025-06-06", MONTHLY))) == [1, 3]
    assert in_force(revised(("2025-01-31", MONTHLY), later, ("2025-01-31", MONTHLY))) == [3]
    assert in_force(revised(("2025-01-31", MONTHLY), later, ("2025-08-01", WEEKLY))) == [1, 2, 3]


def test_the_order_in_which_revisions_are_read_does_not_matter() -> None:
    timeline = revised(("2025-01-31", MONTHLY), ("2025-06-06", WEEKLY), ("2025-08-01", MONTHLY))
    assert Timeline.of(reversed(timeline.revisions), timeline.calendars).revisions == timeline.revisions


def test_a_seam_leaves_no_gap_and_no_double() -> None:
    timeline = revised(("2025-01-31", MONTHLY), ("2025-04-04", WEEKLY))
    assert nominal(timeline, 5) == ["2025-01-31", "2025-02-28", "2025-03-31", "2025-04-04", "2025-04-11"]
    on_the_seam = revised(("2025-01-31", MONTHLY), ("2025-02-28", Rule(date(2025, 2, 28), "weekly")))
    assert nominal(on_the_seam, 3) == ["2025-01-31", "2025-02-28", "2025-03-07"]


def test_a_new_rule_may_count_from_an_earlier_anchor() -> None:
    anchored = revised(("2025-01-31", MONTHLY), ("2025-03-01", Rule(date(2025, 1, 31), "monthly", 2)))
    assert nominal(anchored, 5) == ["2025-01-31", "2025-02-28", "2025-03-31", "2025-05-31", "2025-07-31"]


def test_a_new_rule_keeps_the_anchors_day_over_a_short_month() -> None:
    kept = Rule(date(2025, 2, 28), "monthly", 2, day_of_month=31)
    assert nominal(revised(("2025-01-31", MONTHLY), ("2025-02-28", kept)), 4) == [
        "2025-01-31",
        "2025-02-28",
        "2025-04-30",
        "2025-06-30",
    ]
    returns = Rule(date(2025, 2, 28), "monthly", day_of_month=31)
    assert nominal(timeline_of(returns), 2) == ["2025-02-28", "2025-03-31"]
    spilled = Rule(date(2025, 3, 1), "monthly", month_end="next", day_of_month=31)
    assert nominal(timeline_of(spilled), 3) == ["2025-03-01", "2025-03-31", "2025-05-01"]


def test_each_payment_has_the_terms_of_its_revision() -> None:
    timeline = revised(("2025-01-31", MONTHLY), ("2025-03-15", MONTHLY), ("2025-04-04", WEEKLY))
    assert [payment.amount for payment in payments(timeline, 5)] == [100, 100, 200, 300, 300]
    assert [payment.sequence for payment in payments(timeline, 5)] == [1, 2, 3, 4, 5]


def test_a_count_is_of_dates_over_all_revisions() -> None:
    counted = Rule(date(2025, 4, 4), "weekly", count=5)
    assert nominal(revised(("2025-01-31", MONTHLY), ("2025-04-04", counted))) == [
        "2025-01-31",
        "2025-02-28",
        "2025-03-31",
        "2025-04-04",
        "2025-04-11",
    ]
    used_up = Rule(date(2025, 4, 4), "weekly", count=2)
    assert nominal(revised(("2025-01-31", MONTHLY), ("2025-04-04", used_up))) == ["2025-01-31", "2025-02-28"]


def test_the_bounds_of_the_last_rule_hold_for_the_whole() -> None:
    short = Rule(date(2025, 1, 31), "monthly", count=2)
    assert len(nominal(revised(("2025-01-31", short), ("2025-02-10", MONTHLY)), 20)) == 20
    ended = Rule(date(2025, 4, 4), "weekly", end_date=date(2025, 4, 11))
    assert nominal(revised(("2025-01-31", MONTHLY), ("2025-04-04", ended)))[-1] == "2025-04-11"


def test_it_says_how_many_dates_lie_before_a_day_over_a_seam() -> None:
    timeline = revised(("2025-01-31", MONTHLY), ("2025-04-04", WEEKLY))
    counted = [timeline.number_before(date.fromisoformat(day)) for day in ("2025-01-31", "2025-02-01", "2025-04-05")]
    assert counted == [0, 1, 4]


def test_it_says_whether_it_is_short_enough_to_be_written_whole() -> None:
    assert timeline_of(Rule(date(2025, 1, 31), "daily", count=400)).has_at_most(400)
    assert not timeline_of(Rule(date(2025, 1, 31), "daily", count=401)).has_at_most(400)
    assert not timeline_of(MONTHLY).has_at_most(400)
    assert timeline_of(Rule(date(2025, 1, 31), "daily", end_date=date(2026, 3, 6))).has_at_most(400)
    assert not timeline_of(Rule(date(2025, 1, 31), "daily", end_date=date(2026, 3, 7))).has_at_most(400)


@pytest.mark.parametrize(("next_open", "expected"), [("2025-06-13", "06-13"), ("2025-06-14", "06-16")])
def test_a_date_that_rolls_before_the_next_open_date_is_paid_late(next_open: str, expected: str) -> None:
    # Saturday the 14th rolls to Friday the 13th.
    timeline = timeline_of(Rule(date(2025, 6, 14), "weekly", day_convention="preceding"))
    first, second = islice(timeline.occurrences(next_open=date.fromisoformat(next_open)), 2)
    assert (first.nominal_date.isoformat()[5:], first.date.isoformat()[5:]) == ("06-14", expected)
    assert second.date == date(2025, 6, 20)


def test_a_nominal_date_before_the_next_open_date_keeps_its_day() -> None:
    # Sunday the 1st rolls to Friday, 30 May, and has passed on the 14th; the 14th has not.
    listed = (date(2025, 6, 1), date(2025, 6, 14))
    timeline = timeline_of(Rule(listed[0], "dates", dates=listed, day_convention="preceding"))
    paid = [payment.date for payment in timeline.occurrences(next_open=date(2025, 6, 14))]
    assert paid == [date(2025, 5, 30), date(2025, 6, 16)]


def test_an_extension_is_never_rolled_late() -> None:
    timeline = timeline_of(Rule(date(2025, 6, 14), "weekly", day_convention="preceding"))
    assert next(timeline.occurrences()).date == date(2025, 6, 13)


def test_days_that_are_late_together_collapse_with_the_day_they_come_to() -> None:
    timeline = timeline_of(Rule(date(2025, 6, 14), "daily", day_convention="preceding"))
    first, second = islice(timeline.occurrences(next_open=date(2025, 6, 14)), 2)
    assert (first.nominal_date, first.date) == (date(2025, 6, 16), date(2025, 6, 16))
    assert second.nominal_date == date(2025, 6, 17)


@given(made=revisions(), offset=st.integers(0, 600))
@settings(max_examples=50)
def test_the_newest_revision_that_has_begun_is_in_force(made: list[Revision], offset: int) -> None:
    timeline = of(made)
    for day in (made[0].from_date + timedelta(days=offset), *(revision.from_date for revision in made)):
        assert timeline.in_force(day) == reference.revision_on(made, day)
    assert timeline.last == made[-1]


@given(made=revisions(), offset=st.integers(-10, 600))
@settings(max_examples=80)
def test_nominal_dates_over_revisions_are_those_of_a_paper_calendar(made: list[Revision], offset: int) -> None:
    timeline, until = of(made), made[0].from_date + LOOKED_AT
    expected = reference.nominal_over_revisions(made, WEEKENDS, until)
    assert list(takewhile(lambda pair: pair[0] <= until, timeline.nominal_dates())) == expected
    on = made[0].from_date + timedelta(days=offset)
    assert timeline.gives(on) == (on in {day for day, _ in expected})
    assert timeline.number_before(on) == sum(day < on for day, _ in expected)


def test_what_was_no_date_while_the_schedule_was_over_is_none_when_it_goes_on() -> None:
    three, five = (Rule(date(2025, 1, 6), "daily", count=count) for count in (3, 5))
    timeline = revised(("2025-01-06", three), ("2025-01-20", five))
    assert nominal(timeline) == ["2025-01-06", "2025-01-07", "2025-01-08", "2025-01-20", "2025-01-21"]
    assert timeline.number_before(date(2025, 1, 20)) == 3
    assert not timeline.gives(date(2025, 1, 9))


def test_a_date_that_was_kept_is_one_of_the_count() -> None:
    kept = (date(2025, 1, 8), date(2025, 1, 13))  # the second is a date of the new rule as well
    timeline = timeline_of(Rule(date(2025, 1, 6), "weekly", count=3, kept=kept))
    assert nominal(timeline) == ["2025-01-06", "2025-01-08", "2025-01-13"]
    assert [timeline.number_before(date(2025, 1, day)) for day in (6, 8, 9, 14)] == [0, 1, 2, 3]
    assert [timeline.gives(date(2025, 1, day)) for day in (6, 8, 13)] == [True, False, True]
    assert Rule.from_json(timeline.last.rule.to_json()) == timeline.last.rule


def test_what_stays_has_its_own_number_and_the_others_go_round_it() -> None:
    timeline = timeline_of(Rule(date(2025, 1, 6), "weekly", count=4), terms=TERMS._replace(first_amount=900))
    staying = {date(2025, 1, 13): 1, date(2025, 1, 15): None}
    found = list(timeline.occurrences(staying=staying, taken={3}))
    assert [(item.nominal_date.day, item.sequence) for item in found] == [(6, 2), (13, 1), (15, 4), (20, 5)]
    assert [item.amount for item in found] == [2500, 900, 2500, 2500]


@given(made=revisions(frequencies_of_all_kinds | by_the_day), offset=st.integers(-10, 600), choice=st.data())
@settings(max_examples=100)
def test_from_any_day_on_the_payments_are_the_tail_of_the_whole(
    made: list[Revision], offset: int, choice: st.DataObject
) -> None:
    calendar = choice.draw(calendars(made[0].from_date))
    timeline, since = Timeline.of(made, {"GB-ENG": calendar}), made[0].from_date + timedelta(days=offset)
    next_open = choice.draw(st.none() | st.integers(-10, 50).map(lambda days: made[0].from_date + timedelta(days=days)))
    whole = list(islice(timeline.occurrences(next_open=next_open), 400))
    tail = [payment for payment in whole if payment.nominal_date >= since]
    sequence = tail[0].sequence if tail else 1
    # One more is asked for than is compared: the last of a list that was cut is not the last of the schedule.
    assert list(islice(timeline.occurrences(since, sequence, next_open=next_open), len(tail))) == tail


@given(made=revisions())
@settings(max_examples=40)
def test_over_all_revisions_no_nominal_date_comes_twice(made: list[Revision]) -> None:
    listed = [payment.nominal_date for payment in payments(of(made), 200)]
    assert listed == sorted(set(listed))


@given(rule=rules(), offset=st.integers(0, 300))
@settings(max_examples=60)
def test_a_revision_that_changes_nothing_changes_no_date(rule: Rule, offset: int) -> None:
    unchanged = timeline_of(rule)
    first = unchanged.last
    again = Revision(2, rule.start_date + timedelta(days=offset), rule, first.terms)
    changed = Timeline.of([first, again], unchanged.calendars)
    assert [payment[:4] for payment in payments(changed, 80)] == [payment[:4] for payment in payments(unchanged, 80)]
