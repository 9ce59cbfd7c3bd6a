"""The books' identity (rule D6)."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from shared.domain.books import OUTCOMES, Heading, books

Line = tuple[Heading, str, int, int]

outcome = st.tuples(
    st.sampled_from(OUTCOMES), st.sampled_from(["GBP", "EUR"]), st.integers(0, 99), st.integers(0, 10**9)
)


@given(st.lists(outcome))
def test_a_closed_run_balances_when_each_due_event_has_its_outcome(
    outcomes: list[Line],
) -> None:
    due = [(Heading.DUE, currency, count, amount) for _, currency, count, amount in outcomes]
    assert books([*due, *outcomes], closed=True).balanced


@given(st.lists(outcome), outcome.filter(lambda line: line[2] > 0))
def test_a_closed_run_that_lost_an_event_does_not_balance(outcomes: list[Line], lost: Line) -> None:
    due = [(Heading.DUE, currency, count, amount) for _, currency, count, amount in [*outcomes, lost]]
    assert not books([*due, *outcomes], closed=True).balanced


def test_equal_counts_with_other_sums_do_not_balance() -> None:
    lines = [(Heading.DUE, "GBP", 1, 100), (Heading.PAID, "GBP", 1, 99)]
    assert not books(lines, closed=True).balanced


def test_while_a_run_is_open_what_is_not_settled_waits_or_is_in_flight() -> None:
    lines = [(Heading.DUE, "GBP", 10, 1000), (Heading.PAID, "GBP", 3, 300), (Heading.IN_FLIGHT, "GBP", 2, 200)]
    open_books = books(lines, closed=False)
    assert open_books.waiting.count == 5
    assert open_books.waiting.nonzero_amounts() == {"GBP": 500}
    assert open_books.balanced


def test_more_outcomes_than_due_events_never_balance() -> None:
    lines = [(Heading.DUE, "GBP", 1, 100), (Heading.PAID, "GBP", 2, 200)]
    assert not books(lines, closed=False).balanced
    assert not books(lines, closed=True).balanced


def test_an_adjustment_stands_outside_the_days_balance() -> None:
    assert books([(Heading.ADJUSTED, "GBP", 1, 100)], closed=True).balanced
