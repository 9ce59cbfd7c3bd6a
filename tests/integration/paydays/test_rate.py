"""The rate that all workers keep together, read from the bank's own journal of sends."""

from __future__ import annotations

import dataclasses
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from shared.settings import read_settings
from tests.bank import BankProcess
from tests.integration.paydays.paying_for_a_while import numbered
from tests.rates import call_times, most_in_a_second, usual_rate
from tests.world import World
from worker_service.gateway.pace import interval_seconds
from worker_service.service import Service

ROOT = Path(__file__).parents[3]
MAX_RPS = 20
SECONDS = 4.0


@pytest.fixture
def bank() -> Iterator[BankProcess]:
    with BankProcess() as bank:
        yield bank


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
    return [int(process.communicate(timeout=60)[0]) for process in started]


@pytest.mark.all
@pytest.mark.parametrize(
    ("max_rps", "batch_size"), [(MAX_RPS, 1), (50, 1), (400, 1), (50, 20)], ids=["20", "50", "400", "batches"]
)
def test_the_rate_is_kept_within_five_in_a_hundred_and_never_exceeded(
    database_url: str, bank: BankProcess, max_rps: int, batch_size: int
) -> None:
    sent = run_workers(database_url, bank, max_rps, SECONDS, batch_size)
    assert most_in_a_second(call_times(bank)) <= max_rps
    assert 0.95 * max_rps <= usual_rate(call_times(bank)) <= max_rps
    assert min(sent) > 0  # by all of them


def test_without_the_limit_the_same_workers_exceed_it(database_url: str, bank: BankProcess) -> None:
    run_workers(database_url, bank, 0, 1.0)
    assert most_in_a_second(call_times(bank)) > 2 * MAX_RPS
    assert usual_rate(call_times(bank)) > 400


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
    world.schedules(30)
    assert world.pay() == 30
    assert most_in_a_second(call_times(world.bank)) <= 25
