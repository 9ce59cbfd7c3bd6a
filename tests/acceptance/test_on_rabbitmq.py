"""A payday with real processes on RabbitMQ, chosen by the broker's URL alone; judged by the bank's journal."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from deploy.local.processes import wait_for
from tests.bank import BankProcess
from tests.rabbit import QUEUES, Rabbit
from tests.town import Town

pytestmark = [pytest.mark.all, pytest.mark.xdist_group("rabbitmq")]

StartTown = Callable[..., Town]


@pytest.fixture
def start_town(tmp_path: Path, database_url: str, rabbit: Rabbit) -> Iterator[StartTown]:
    """Starts a town on RabbitMQ; `bank_options` are the bank's command line."""
    started: list[Town | BankProcess] = []

    def start(*bank_options: str, **environment: str) -> Town:
        bank = BankProcess(*bank_options)
        town = Town(tmp_path, database_url, rabbit.url, bank, **environment)
        started.extend([bank, town])
        return town

    yield start
    for each in reversed(started):
        each.close()


def busy(town: Town, payments: int) -> None:
    """Returns when the bank has made so many payments."""
    assert wait_for(lambda: town.bank.summary()["effectivePayments"] > payments, 60), town.describe()


def schedules(town: Town, count: int) -> None:
    api = town.api()
    for number in range(count):
        api.schedule(f"payer-{number}")


def test_schedules_created_over_http_are_paid(start_town: StartTown, rabbit: Rabbit) -> None:
    town = start_town("--decline", "poor=insufficient_funds", PROVIDER_BATCH_SIZE="10", BATCH_SIZE="20")
    api = town.api()
    for number in range(60):
        api.schedule(f"payer-{number}")
    api.schedule("poor")
    town.worker()
    town.beat()
    town.wait_until_paid(60)
    town.assert_journal_agrees()
    run = api.get("/v1/runs/2026-03-02")
    assert {name: run[name]["count"] for name in ("due", "paid", "declined")} == {"due": 61, "paid": 60, "declined": 1}
    assert run["balanced"] is True
    with rabbit.channel() as channel:
        for queue in QUEUES:
            channel.queue_declare(queue, passive=True)
    assert wait_for(lambda: rabbit.waiting("pay") == 0, 10)
    assert rabbit.waiting("payday.dead") == 0


def test_a_broker_that_is_restarted_in_the_middle_loses_and_doubles_nothing(
    start_town: StartTown, rabbit: Rabbit
) -> None:
    town = start_town("--latency-ms", "20", PROVIDER_CONCURRENCY="2", BATCH_SIZE="20")
    schedules(town, 300)
    worker = town.worker()
    town.beat()
    busy(town, 40)
    rabbit.restart()
    assert town.statuses().get("paid", 0) < 300
    town.wait_until_paid(300)
    town.assert_journal_agrees()
    assert worker.is_running


def test_a_broker_that_is_killed_and_comes_back_is_used_again(start_town: StartTown, rabbit: Rabbit) -> None:
    town = start_town("--latency-ms", "20", PROVIDER_CONCURRENCY="2", BATCH_SIZE="20")
    schedules(town, 200)
    town.worker()
    town.beat()
    busy(town, 40)
    rabbit.kill()
    rabbit.start()
    town.wait_until_paid(200)
    town.assert_journal_agrees()


def test_purged_queues_delay_the_run_and_lose_nothing(start_town: StartTown, rabbit: Rabbit) -> None:
    town = start_town("--latency-ms", "10", PROVIDER_CONCURRENCY="2", BATCH_SIZE="20")
    schedules(town, 200)
    town.worker()
    town.beat()
    busy(town, 30)
    with rabbit.channel() as channel:
        lost = sum(channel.queue_purge(queue) for queue in ("dispatch", "pay", "upkeep"))
    assert lost > 0
    town.wait_until_paid(200)
    town.assert_journal_agrees()


def test_a_worker_killed_in_mid_batch_leaves_nothing_unpaid_and_nothing_paid_twice(start_town: StartTown) -> None:
    town = start_town("--latency-ms", "20", PROVIDER_CONCURRENCY="2", BATCH_SIZE="100")
    schedules(town, 150)
    doomed = town.worker()
    town.beat()
    busy(town, 20)
    os.killpg(doomed.pid, signal.SIGKILL)
    assert 0 < town.bank.summary()["effectivePayments"] < 150
    town.worker()
    town.wait_until_paid(150)
    town.assert_journal_agrees()


def test_two_beats_and_three_workers_pay_nothing_twice(start_town: StartTown) -> None:
    town = start_town(PROVIDER_BATCH_SIZE="5", BATCH_SIZE="10")
    schedules(town, 120)
    for _ in range(3):
        town.worker()
    town.beat()
    town.beat()
    town.wait_until_paid(120)
    town.assert_journal_agrees()
    assert town.bank.summary()["sends"] == 120
