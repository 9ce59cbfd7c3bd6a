"""Slots of calls: whatever workers do with them, no second sees more than the rate allows."""

from __future__ import annotations

import time
from bisect import bisect_left

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker_service.gateway.budget import Budget
from worker_service.gateway.pace import LATE_SECONDS, ON_THE_WAY_SECONDS, Pace, Reserved, Slots, interval_seconds


class Row:
    """A model of the provider's row, which all workers reserve from."""

    def __init__(self, interval: float) -> None:
        self.interval = interval
        self.next_at = 0.0

    def reserve(self, now: float, count: int) -> Reserved:
        first = max(self.next_at, now)
        if first > now + 1.0:
            return Reserved(first - 1.0, 0)
        self.next_at = first + count * self.interval
        return Reserved(first, count)


def most_in_a_second(times: list[float]) -> int:
    """The most calls in any half-open window of one second."""
    ordered = sorted(times)
    return max((bisect_left(ordered, at + 1.0) - place for place, at in enumerate(ordered)), default=0)


STEPS = st.lists(
    st.tuples(
        st.integers(0, 3),  # which worker
        st.floats(0, 0.3),  # how much later than the last step
        st.floats(0, LATE_SECONDS),  # how late it begins the call
        st.floats(0, ON_THE_WAY_SECONDS),  # how long the call is on its way
    ),
    min_size=1,
    max_size=300,
)


@given(STEPS, st.sampled_from([0.5, 1, 1.5, 2, 5, 10, 33, 100, 1000]), st.floats(0, 1))
def test_no_second_sees_more_calls_than_the_rate(
    steps: list[tuple[int, float, float, float]], max_rps: float, haste: float
) -> None:
    interval = interval_seconds(max_rps)
    row, workers = Row(interval), [Slots(interval) for _ in range(4)]
    now, arrivals = 0.0, []
    for worker, later, late, on_the_way in steps:
        now += later * haste
        slots = workers[worker]
        at = slots.take(now)
        if at is None:
            slots.add(row.reserve(now, slots.wanted))
            at = slots.take(now)
        if at is not None:
            arrivals.append(max(now, at) + min(late, at + LATE_SECONDS - max(now, at)) + on_the_way)
    assert most_in_a_second(arrivals) <= max(1, max_rps)


@pytest.mark.parametrize("max_rps", [1, 10, 100])
def test_a_busy_worker_gets_nine_tenths_of_the_rate_at_least(max_rps: float) -> None:
    interval = interval_seconds(max_rps)
    row, slots, now, calls = Row(interval), Slots(interval), 0.0, 0
    while now < 60:
        at = slots.take(now)
        if at is None:
            reserved = row.reserve(now, slots.wanted)
            slots.add(reserved)
            now = now if reserved.slots else reserved.first_at + 0.02
            continue
        now, calls = max(now, at), calls + 1
    assert calls >= 0.9 * 60 * max_rps


def test_who_uses_few_reserves_few() -> None:
    slots = Slots(0.001)
    now = 0.0
    for _ in range(20):
        slots.add(Reserved(now, slots.wanted))
        while slots.take(now) is not None:
            pass
    assert slots.wanted == 100
    slots.add(Reserved(now, slots.wanted))
    assert slots.take(now) == now
    assert slots.take(now + 1.0) is None
    assert slots.wanted == 1


def test_a_slot_is_not_used_long_after_its_time() -> None:
    slots = Slots(0.1)
    slots.add(Reserved(1.0, 3))
    assert slots.take(1.0 + LATE_SECONDS) == 1.0
    assert slots.take(1.3) is None


def test_who_gets_no_slot_within_the_budget_does_not_begin() -> None:
    pace = Pace(lambda count: Reserved(time.monotonic() + 5.0, count), 10)
    began = time.monotonic()
    assert not pace.wait(Budget(time.monotonic() + 2.0))
    assert time.monotonic() - began < 1.0


def test_who_waits_for_a_slot_is_woken_when_the_budget_is_stopped() -> None:
    budget = Budget(time.monotonic() + 60)

    def reserve(count: int) -> Reserved:
        budget.stop()
        return Reserved(time.monotonic() + 30.0, count)

    assert not Pace(reserve, 10).wait(budget)


def test_without_an_answer_nothing_begins() -> None:
    pace = Pace(lambda _: Reserved(time.monotonic() + 0.05, 0), 10)
    assert not pace.wait(Budget(time.monotonic() + 0.3))
