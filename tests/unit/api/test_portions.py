"""Requests are told to the counting server in portions: how many it may not hear of, and when it hears of each."""

import pytest
from limits import parse
from limits.strategies import FixedWindowRateLimiter

from api_service import counters
from api_service.counters import Counters
from api_service.limits import Counting
from api_service.portions import PARTS, Portions
from api_service.problems import Problem

LARGE = parse(f"{5 * PARTS}/hour")


def told(portions: Portions, rate: str, times: int, key: str = "a") -> list[int]:
    limit = parse(rate)
    return [portions.due(key, limit) for _ in range(times)]


def passed(counting: Counting, times: int) -> int:
    """How many of so many requests are not refused."""
    refused = 0
    for _ in range(times):
        try:
            counting.count(counting.payer, "payer", "alice")
        except Problem:
            refused += 1
    return times - refused


def test_of_a_small_limit_each_request_is_told() -> None:
    assert told(Portions(), f"{2 * PARTS - 1}/hour", 3) == [1, 1, 1]


def test_of_a_large_one_they_are_told_together() -> None:
    assert told(Portions(), f"{4 * PARTS}/hour", 9) == [0, 0, 0, 4, 0, 0, 0, 4, 0]


def test_who_was_refused_is_told_of_each_time() -> None:
    portions = Portions()
    told(portions, f"{4 * PARTS}/hour", 2)
    portions.refuse("a", 3600)
    assert told(portions, f"{4 * PARTS}/hour", 3) == [3, 1, 1]
    assert told(portions, f"{4 * PARTS}/hour", 3, key="b") == [0, 0, 0]


def test_when_too_many_are_gathered_others_are_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counters, "GATHERED_MOST", 2)
    portions = Portions()
    assert [told(portions, f"{4 * PARTS}/hour", 2, key=key) for key in "abc"] == [[0, 0], [0, 0], [1, 1]]


def test_each_process_lets_through_less_than_a_portion_too_many() -> None:
    server = FixedWindowRateLimiter(Counters(None))
    processes = [Counting(server, LARGE, None, Portions()) for _ in range(3)]
    through = sum(passed(process, LARGE.amount + 100) for process in processes)
    assert LARGE.amount <= through <= LARGE.amount + 3 * 4
    assert [passed(process, 100) for process in processes] == [0, 0, 0]
