"""What may be late leaves the CPUs to others for longer than it had to wait for one, and still gets on."""

from __future__ import annotations

import multiprocessing
import os
import time
from collections.abc import Iterator

import pytest

from worker_service import courtesy
from worker_service.courtesy import LEAST_SHARE, TIMES, Courtesy, Cpu, this_thread


def resting(*readings: Cpu) -> list[float]:
    """What it is told after each reading but the first."""
    left: Iterator[Cpu] = iter(readings)
    one = Courtesy(lambda: next(left))
    return [one.rest_seconds() for _ in readings[1:]]


def test_one_that_nobody_kept_waiting_goes_on_at_once() -> None:
    assert resting(Cpu(0.5, 0.25), Cpu(1.0, 0.25), Cpu(1.5, 0.25)) == [0.0, 0.0]


def test_one_that_had_to_wait_rests_for_a_multiple_of_that() -> None:
    assert resting(Cpu(0.0, 0.0), Cpu(0.5, 0.0625), Cpu(1.0, 0.0625), Cpu(1.5, 0.1875)) == [
        TIMES * 0.0625,
        0.0,
        TIMES * 0.125,
    ]


def test_one_that_always_has_to_wait_still_gets_its_least_share() -> None:
    used, waited = 0.02, 0.12
    (rest,) = resting(Cpu(0.0, 0.0), Cpu(used, waited))
    assert used / (used + waited + rest) == pytest.approx(LEAST_SHARE)


def test_one_that_waited_for_longer_than_that_does_not_rest_at_all() -> None:
    assert resting(Cpu(0.0, 0.0), Cpu(0.1, 10.0)) == [0.0]


def test_a_rest_is_short_enough_for_one_who_asks_it_to_end() -> None:
    assert resting(Cpu(0.0, 0.0), Cpu(10.0, 5.0)) == [1.0]


def test_what_was_before_it_began_does_not_count() -> None:
    readings = iter([Cpu(0.0, 0.0), Cpu(60.0, 20.0), Cpu(60.5, 20.0)])
    one = Courtesy(lambda: next(readings))
    one.begin()
    assert one.rest_seconds() == 0.0


def test_where_the_system_does_not_tell_nobody_rests(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(courtesy, "SCHEDSTAT", courtesy.SCHEDSTAT / "absent")
    one = Courtesy()
    sum(range(100_000))
    assert one.rest_seconds() == 0.0


def _busy() -> None:
    while True:
        pass


@pytest.mark.skipif(not courtesy.SCHEDSTAT.exists(), reason="only Linux tells how long a thread waited")
def test_two_that_want_one_cpu_keep_each_other_waiting() -> None:
    everywhere = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(everywhere)})
    other = multiprocessing.get_context("fork").Process(target=_busy)
    try:
        other.start()
        before, until = this_thread(), time.monotonic() + 30
        while (now := this_thread()).waited - before.waited < 0.1 and time.monotonic() < until:
            pass
        assert now.waited - before.waited >= 0.1
        assert now.used > before.used
    finally:
        other.kill()
        other.join()
        os.sched_setaffinity(0, everywhere)
