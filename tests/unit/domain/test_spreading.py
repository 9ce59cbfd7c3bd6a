"""A day's calls spread over its hours: they end in time, and no batch waits beyond its lease."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.spreading import LEASE_SHARE, SLOWEST_SECONDS, batches_at_once, call_seconds


def test_calls_fill_the_time_that_is_left() -> None:
    assert call_seconds(36_000, 10 * 3600.0) == 1.0
    assert call_seconds(30_000_000, 20 * 3600.0) == pytest.approx(0.0024)


def test_nothing_left_or_no_time_left_is_not_spread() -> None:
    assert call_seconds(0, 3600.0) == 0.0
    assert call_seconds(-1, 3600.0) == 0.0
    assert call_seconds(1000, 0.0) == 0.0
    assert call_seconds(1000, -5.0) == 0.0


def test_few_calls_are_not_stretched_over_the_whole_day() -> None:
    assert call_seconds(10, 10 * 3600.0) == SLOWEST_SECONDS


@given(st.integers(1, 5000), st.floats(1, 5000), st.lists(st.tuples(st.floats(0, 1), st.integers(0, 500)), max_size=5))
def test_what_is_computed_anew_ends_in_time_also_when_more_comes(
    calls: int, seconds: float, late: list[tuple[float, int]]
) -> None:
    """Read anew before each call; `late`: at that share of the time so many are added."""
    waiting = sorted((share * 0.9 * seconds, count) for share, count in late)
    now, left, slowest = 0.0, calls, 0.0
    while left or waiting:
        if waiting and (not left or waiting[0][0] <= now):
            at, count = waiting.pop(0)
            now, left = max(now, at), left + count
            continue
        between = call_seconds(left, seconds - now)
        slowest = max(slowest, between)
        now, left = now + between, left - 1
    assert now <= seconds * (1 + 1e-9)
    assert slowest <= SLOWEST_SECONDS


def test_an_even_day_keeps_one_rate() -> None:
    now, left, seen = 0.0, 2000, set()
    while left:
        between = call_seconds(left, 500.0 - now)
        seen.add(round(between, 6))
        now, left = now + between, left - 1
    assert seen == {0.25}


def test_workers_are_at_as_many_batches_as_a_lease_has_calls_for() -> None:
    assert batches_at_once(0.0024, calls_a_batch=1000, lease_seconds=120) == 25
    assert batches_at_once(0.0, calls_a_batch=1000, lease_seconds=120) is None


def test_one_batch_is_always_paid() -> None:
    assert batches_at_once(1.0, calls_a_batch=1000, lease_seconds=120) == 1


@given(st.floats(0.0001, 1), st.integers(1, 10_000), st.floats(7, 1800))
def test_batches_that_share_the_calls_are_done_within_their_lease(between: float, calls: int, lease: float) -> None:
    at_once = batches_at_once(between, calls_a_batch=calls, lease_seconds=lease)
    assert at_once is not None
    if at_once > 1:
        assert at_once * calls * between <= LEASE_SHARE * lease * (1 + 1e-9)
