"""What is known of the database's clock: never wrong, and better with each quick answer."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker_service.database_clock import DRIFT, DatabaseClock

ANSWERS = st.lists(
    st.tuples(
        st.floats(0, 30),  # how long after the one before it was asked
        st.floats(0, 0.5),  # how long the question took to get there
        st.floats(0, 0.5),  # and the answer to come back
    ),
    min_size=1,
    max_size=30,
)


@given(ANSWERS, st.floats(-1e6, 1e6), st.floats(-DRIFT / 2, DRIFT / 2))
def test_the_truth_lies_between_the_bounds(
    answers: list[tuple[float, float, float]], apart: float, drift: float
) -> None:
    def theirs(ours: float) -> float:
        return ours * (1 + drift) + apart

    clock, now = DatabaseClock(), 0.0
    for later, there, back in answers:
        asked = now + later
        now = asked + there + back
        clock.note(theirs(asked + there), asked_at=asked, answered_at=now)
        least, most = clock.ours(theirs(now))
        assert least - DRIFT <= now <= most + DRIFT


def test_a_slow_answer_takes_nothing_of_what_a_quick_one_said() -> None:
    clock = DatabaseClock()
    clock.note(1000.0005, asked_at=0.0, answered_at=0.001)
    clock.note(1001.2, asked_at=1.0, answered_at=1.5)
    least, most = clock.ours(1002.0)
    assert 1.999 <= least <= most <= 2.001


def test_a_clock_that_was_set_is_followed() -> None:
    clock = DatabaseClock()
    clock.note(1000.0, asked_at=0.0, answered_at=0.001)
    clock.note(900.0, asked_at=1.0, answered_at=1.001)
    assert clock.ours(900.5) == pytest.approx((1.5, 1.501))
