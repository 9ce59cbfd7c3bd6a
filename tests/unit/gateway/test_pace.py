"""Slots of calls: whatever workers do with them, no second sees more than the rate allows."""

from __future__ import annotations

import heapq
import time
from bisect import bisect_left

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker_service.gateway.budget import Budget
from worker_service.gateway.pace import (
    CHUNK_SECONDS,
    LATE_SECONDS,
    ON_THE_WAY_SECONDS,
    Pace,
    Reserved,
    Slots,
    interval_seconds,
)


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
        return Reserved(first, count, self.interval)


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
    row, workers = Row(interval), [Slots() for _ in range(4)]
    now, arrivals = 0.0, []
    for worker, later, late, on_the_way in steps:
        now += later * haste
        slots = workers[worker]
        at = slots.take(now)
        if at is None:
            slots.add(row.reserve(now, slots.wanted(8)))
            at = slots.take(now)
        if at is not None:
            arrivals.append(max(now, at) + min(late, at + LATE_SECONDS - max(now, at)) + on_the_way)
    assert most_in_a_second(arrivals) <= max(1, max_rps)


@pytest.mark.parametrize("max_rps", [2, 10, 50, 400, 2000])
def test_a_busy_worker_keeps_the_rate_within_five_in_a_hundred(max_rps: float) -> None:
    row, slots, now, calls = Row(interval_seconds(max_rps)), Slots(), 0.0, 0
    while now < 60:
        at = slots.take(now)
        if at is None:
            reserved = row.reserve(now, slots.wanted(8))
            slots.add(reserved)
            now = now if reserved.slots else reserved.first_at + 0.02
            continue
        now, calls = max(now, at), calls + 1
    assert 0.95 * 60 * max_rps <= calls <= 60 * max_rps


@pytest.mark.parametrize("workers", [1, 2, 5])
def test_workers_that_only_keep_the_rate_together_keep_it(workers: int) -> None:
    """Each has calls that take so long that all threads together make a tenth more than the rate."""
    max_rps, threads = 400, 8
    seconds_a_call = 0.9 * workers * threads / max_rps
    row, slots, calls = Row(interval_seconds(max_rps)), [Slots() for _ in range(workers)], 0
    free = [(0.0, worker) for worker in range(workers) for _ in range(threads)]
    while free[0][0] < 60:
        now, worker = heapq.heappop(free)
        at = slots[worker].take(now)
        if at is None:
            waiting = 1 + sum(1 for when, other in free if other == worker and when <= now)
            reserved = row.reserve(now, slots[worker].wanted(waiting))
            slots[worker].add(reserved)
            at = slots[worker].take(now) if reserved.slots else None
        if at is None:
            heapq.heappush(free, (max(now, reserved.first_at) + 0.001, worker))
        else:
            calls += 1
            heapq.heappush(free, (max(now, at) + seconds_a_call, worker))
    assert 0.95 * 60 * max_rps <= calls <= 60 * max_rps


def test_slots_are_reserved_for_those_who_wait_and_for_a_moment_only() -> None:
    slots = Slots()
    assert slots.wanted(3) == 3
    slots.add(Reserved(0.0, 3, CHUNK_SECONDS / 4))
    assert (slots.wanted(1), slots.wanted(50)) == (1, 4)
    slots.add(Reserved(0.0, 1, 2 * CHUNK_SECONDS))
    assert slots.wanted(50) == 1


def test_a_slot_is_not_used_long_after_its_time() -> None:
    slots = Slots()
    slots.add(Reserved(1.0, 3, 0.1))
    assert slots.take(1.0 + LATE_SECONDS) == 1.0
    assert slots.take(1.3) is None


def test_a_slot_whose_time_is_known_less_well_is_used_for_less_long() -> None:
    slots = Slots()
    slots.add(Reserved(1.0, 2, 0.1, late_seconds=0.005))
    assert slots.take(1.006) == 1.1


def test_who_gets_no_slot_within_the_budget_does_not_begin() -> None:
    pace = Pace(lambda count: Reserved(time.monotonic() + 500.0, count))
    began = time.monotonic()
    assert not pace.wait(Budget(time.monotonic() + 100.0))
    assert time.monotonic() - began < 50.0


def test_who_waits_for_a_slot_is_woken_when_the_budget_is_stopped() -> None:
    budget = Budget(time.monotonic() + 60)

    def reserve(count: int) -> Reserved:
        budget.stop()
        return Reserved(time.monotonic() + 30.0, count)

    assert not Pace(reserve).wait(budget)


def test_without_an_answer_nothing_begins() -> None:
    pace = Pace(lambda _: Reserved(time.monotonic() + 0.05, 0))
    assert not pace.wait(Budget(time.monotonic() + 0.3))
