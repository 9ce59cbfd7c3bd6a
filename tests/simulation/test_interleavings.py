"""Many interleavings of dispatcher, workers, resolver, users, crashes and days: the rules of money hold in each."""

from __future__ import annotations

import pytest

from tests.simulation.__main__ import run
from tests.simulation.extent import shortened
from tests.simulation.story import Story

A_FEW = 2000
MANY = shortened(100_000, 50_000)
CHUNK = 10_000


def test_a_few_thousand_interleavings_keep_the_rules() -> None:
    steps = run(0, A_FEW).steps
    assert steps > 20 * A_FEW


@pytest.mark.all
@pytest.mark.parametrize("first", range(0, MANY, CHUNK))
def test_tens_of_thousands_of_interleavings_keep_the_rules(first: int) -> None:
    total = run(first, first + CHUNK)
    print(f"{CHUNK} interleavings, {total.steps} steps")


def test_a_process_that_stands_still_between_looking_and_sending_is_the_only_way_to_pay_twice() -> None:
    """Whatever was not sent late keeps every rule; what was sent late may be paid twice, and now and then is."""
    total = run(0, A_FEW, freezes=True)
    print(f"{total.late} events sent after the lease, {total.twice} paid twice")
    assert total.late > total.twice > 0


def test_a_seed_tells_one_story() -> None:
    first, second = (Story(7).run() for _ in range(2))
    assert first == second
