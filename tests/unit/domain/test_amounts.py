"""First, regular and final amounts (rule S8)."""

from __future__ import annotations

from datetime import date
from itertools import islice

from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import by_the_day, calendars, frequencies_of_all_kinds, rules
from timelines import WEEKENDS, payments, timeline_of

from shared.domain.recurrence import Rule
from shared.domain.timeline import Revision, Terms, Timeline

START = date(2025, 1, 31)
FIRST, REGULAR, FINAL = 100, 2300, 999
BOTH = Terms(REGULAR, "payee", None, first_amount=FIRST, final_amount=FINAL)


def amounts(rule: Rule, terms: Terms = BOTH, most: int = 5) -> list[int]:
    return [payment.amount for payment in payments(timeline_of(rule, WEEKENDS, terms), most)]


def test_the_first_and_the_last_payment_have_their_own_amounts() -> None:
    assert amounts(Rule(START, "monthly", count=4)) == [FIRST, REGULAR, REGULAR, FINAL]
    assert amounts(Rule(START, "monthly", end_date=date(2025, 4, 30))) == [FIRST, REGULAR, REGULAR, FINAL]
    listed = (START, date(2025, 2, 1), date(2025, 2, 9))
    assert amounts(Rule(START, "dates", dates=listed)) == [FIRST, REGULAR, FINAL]


def test_either_may_be_left_out() -> None:
    rule = Rule(START, "monthly", count=3)
    assert amounts(rule, BOTH._replace(first_amount=None)) == [REGULAR, REGULAR, FINAL]
    assert amounts(rule, BOTH._replace(final_amount=None)) == [FIRST, REGULAR, REGULAR]


def test_an_open_ended_schedule_has_no_final_payment() -> None:
    assert amounts(Rule(START, "monthly")) == [FIRST, REGULAR, REGULAR, REGULAR, REGULAR]


def test_a_single_payment_is_the_first() -> None:
    assert amounts(Rule(START, "monthly", count=1)) == [FIRST]
    assert amounts(Rule(START, "once")) == [FIRST]
    assert amounts(Rule(START, "once"), BOTH._replace(first_amount=None)) == [FINAL]


def test_the_final_amount_is_of_the_last_payment_that_remains() -> None:
    # Friday to Sunday, preceding: the weekend collapses into Friday, which is the last.
    rule = Rule(date(2025, 6, 11), "daily", count=5, day_convention="preceding")
    assert amounts(rule) == [FIRST, REGULAR, FINAL]
    # Thursday to Saturday, following: Saturday is paid on Monday.
    assert amounts(Rule(date(2025, 6, 12), "daily", count=3, day_convention="following")) == [FIRST, REGULAR, FINAL]


def test_months_that_are_skipped_move_neither() -> None:
    rule = Rule(START, "monthly", month_end="skip", end_date=date(2025, 4, 30))
    assert amounts(rule) == [FIRST, FINAL]
    assert amounts(Rule(START, "monthly", month_end="skip", count=3)) == [FIRST, REGULAR, FINAL]


def test_the_first_amount_is_not_paid_again_after_an_extension_or_an_edit() -> None:
    timeline = timeline_of(Rule(START, "monthly"), WEEKENDS, BOTH)
    assert next(timeline.occurrences(date(2025, 2, 28), 2)).amount == REGULAR
    rule = Rule(START, "monthly", count=4)
    made = [Revision(1, START, rule, BOTH), Revision(2, date(2025, 3, 1), rule, BOTH._replace(amount=7))]
    assert [payment.amount for payment in payments(Timeline.of(made, timeline.calendars))] == [FIRST, REGULAR, 7, FINAL]


def test_the_final_amount_is_of_the_revision_in_force_on_the_last_date() -> None:
    rule = Rule(START, "monthly", count=4)
    made = [
        Revision(1, START, rule, BOTH),
        Revision(2, date(2025, 4, 1), rule, BOTH._replace(first_amount=1, final_amount=11)),
    ]
    timeline = Timeline.of(made, {"GB-ENG": WEEKENDS})
    assert [payment.amount for payment in payments(timeline)] == [FIRST, REGULAR, REGULAR, 11]


@given(
    rule=rules(frequencies_of_all_kinds | by_the_day),
    first=st.none() | st.just(FIRST),
    final=st.none() | st.just(FINAL),
    choice=st.data(),
)
@settings(max_examples=60)
def test_all_between_the_first_and_the_last_are_regular(
    rule: Rule, first: int | None, final: int | None, choice: st.DataObject
) -> None:
    terms = Terms(REGULAR, "payee", None, first, final)
    timeline = timeline_of(rule, choice.draw(calendars(rule.start_date)), terms)
    paid = [payment.amount for payment in islice(timeline.occurrences(), 300)]
    ended = len(paid) < 300
    assert set(paid[1:-1]) <= {REGULAR}
    if paid:
        lone = first or final or REGULAR
        assert paid[0] == ((first or REGULAR) if len(paid) > 1 else lone)
    if len(paid) > 1:
        assert paid[-1] == ((final or REGULAR) if ended else REGULAR)
