"""Counting in memory: windows begin with a key's first request, and what is over is not kept."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from api_service import counters
from api_service.counters import SWEEP_SECONDS, Counters, Memory


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Sets the monotonic clock that the counters read."""

    def set_clock(seconds: float) -> None:
        monkeypatch.setattr(counters.time, "monotonic", lambda: seconds)

    set_clock(1000)
    return set_clock


def test_a_window_begins_with_the_first_request_and_ends_at_its_time(at: Callable[[float], None]) -> None:
    memory = Memory()
    assert [memory.increment("a", 60, 1) for _ in range(3)] == [1, 2, 3]
    at(1059.9)
    assert memory.increment("a", 60, 1) == 4
    assert memory.state("a") == (4, pytest.approx(0.1))
    at(1060)
    assert memory.state("a") == (0, 0.0)
    assert memory.increment("a", 60, 1) == 1
    assert memory.state("a") == (1, 60)


def test_keys_are_counted_each_for_itself() -> None:
    memory = Memory()
    memory.increment("a", 60, 1)
    assert memory.increment("b", 60, 2) == 2
    memory.forget("b")
    assert (memory.state("a")[0], memory.state("b")[0]) == (1, 0)


def test_what_is_over_is_swept_out(at: Callable[[float], None]) -> None:
    memory = Memory()
    for number in range(100):
        memory.increment(f"short-{number}", 1, 1)
    memory.increment("long", 3600, 1)
    at(1000 + SWEEP_SECONDS)
    memory.increment("long", 3600, 1)
    assert set(memory._windows) == {"long"}
    assert memory.state("long")[0] == 2


def test_threads_lose_no_count() -> None:
    memory = Memory()
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: memory.increment("a", 3600, 1), range(4000)))
    assert memory.state("a")[0] == 4000


def test_a_server_that_is_away_is_asked_once_a_second(at: Callable[[float], None]) -> None:
    here = Counters(server_url="redis://127.0.0.1:1/0")
    asked: list[float] = []
    server = here._server
    assert server is not None
    increment = server.incr
    server.incr = lambda *arguments: (asked.append(1), increment(*arguments))[1]  # type: ignore[method-assign]
    assert [here.incr("a", 60) for _ in range(5)] == [1, 2, 3, 4, 5]
    assert len(asked) == 1
    at(1001)
    assert [here.incr("a", 60) for _ in range(5)] == [6, 7, 8, 9, 10]
    assert len(asked) == 2
