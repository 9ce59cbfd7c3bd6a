"""A payday with real processes on RabbitMQ, chosen by the broker's URL alone; judged by the bank's journal."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import amqp
import pytest
import requests

from deploy.local.ports import free_port
from deploy.local.processes import ChildProcess, wait_for
from tests.bank import BankProcess
from tests.rabbit import QUEUES, Rabbit
from tests.town import PATIENT, ROOT, Town
from worker_service.delivery import DELIVERIES_MOST

pytestmark = [pytest.mark.all, pytest.mark.xdist_group("rabbitmq")]

StartTown = Callable[..., Town]
CELERY = [sys.executable, "-m", "celery", "-A", "worker_service.celery_app"]


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


def payday(town: Town, *words: str) -> subprocess.CompletedProcess[str]:
    """Runs a command to its end with the town's settings."""
    command = [sys.executable, "-m", "deploy.cli", *words]
    return subprocess.run(
        command, cwd=ROOT, env=town.environment, capture_output=True, text=True, timeout=60, check=False
    )


def test_schedules_created_over_http_are_paid(start_town: StartTown, rabbit: Rabbit) -> None:
    town = start_town("--decline", "poor=insufficient_funds", PROVIDER_BATCH_SIZE="10", BATCH_SIZE="20")
    api = town.api()
    for number in range(60):
        api.schedule(f"payer-{number}")
    api.schedule("poor")
    town.worker()
    town.beat()
    town.wait_until_paid(60, declined=1)
    town.assert_journal_agrees()
    run = api.get("/v1/runs/2026-03-02")
    assert {name: run[name]["count"] for name in ("due", "paid", "declined")} == {"due": 61, "paid": 60, "declined": 1}
    assert run["balanced"] is True
    with rabbit.channel() as channel:
        for queue in QUEUES:
            channel.queue_declare(queue, passive=True)
    assert wait_for(lambda: rabbit.waiting("pay") == 0, 60)
    assert rabbit.waiting("payday.dead") == 0


def test_a_broker_that_is_restarted_in_the_middle_loses_and_doubles_nothing(
    start_town: StartTown, rabbit: Rabbit
) -> None:
    town = start_town("--latency-ms", "20", PROVIDER_CONCURRENCY="2", BATCH_SIZE="20")
    town.schedules(300)
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
    town.schedules(200)
    town.worker()
    town.beat()
    busy(town, 40)
    rabbit.kill()
    rabbit.start()
    town.wait_until_paid(200)
    town.assert_journal_agrees()


def test_purged_queues_delay_the_run_and_lose_nothing(start_town: StartTown, rabbit: Rabbit) -> None:
    town = start_town("--latency-ms", "40", PROVIDER_CONCURRENCY="2", BATCH_SIZE="20")
    town.schedules(200)
    town.worker()
    town.beat()
    busy(town, 30)
    with rabbit.channel() as channel:
        lost = sum(channel.queue_purge(queue) for queue in QUEUES)
    assert lost > 0
    town.wait_until_paid(200)
    town.assert_journal_agrees()


def test_a_worker_killed_in_mid_batch_leaves_nothing_unpaid_and_nothing_paid_twice(start_town: StartTown) -> None:
    town = start_town("--latency-ms", "50", PROVIDER_CONCURRENCY="2", BATCH_SIZE="100")
    town.schedules(150)
    doomed = town.worker()
    town.beat()
    busy(town, 20)
    os.killpg(doomed.pid, signal.SIGKILL)
    assert 0 < town.bank.summary()["effectivePayments"] < 150
    town.worker()
    town.wait_until_paid(150)
    town.assert_journal_agrees()


def test_two_beats_and_two_workers_pay_nothing_twice(start_town: StartTown) -> None:
    town = start_town(PROVIDER_BATCH_SIZE="5", BATCH_SIZE="10", **PATIENT)
    town.schedules(120)
    for _ in range(2):
        town.worker()
    town.beat()
    town.beat()
    town.wait_until_paid(120)
    town.assert_journal_agrees()
    assert town.bank.summary()["sends"] == 120


def test_a_broker_that_freezes_holds_the_run_up_only_as_long_as_it_is_frozen(
    start_town: StartTown, rabbit: Rabbit
) -> None:
    town = start_town("--latency-ms", "20", PROVIDER_CONCURRENCY="2", BATCH_SIZE="20")
    town.schedules(200)
    town.worker()
    town.beat()
    busy(town, 30)
    os.kill(rabbit.pid, signal.SIGSTOP)
    try:
        said = payday(town, "dispatch")
    finally:
        os.kill(rabbit.pid, signal.SIGCONT)
    assert said.returncode == 2
    assert "CELERY_BROKER_URL: no broker answers" in said.stderr
    town.wait_until_paid(200)
    town.assert_journal_agrees()


def test_a_message_that_kills_every_worker_ends_with_the_dead_and_its_batch_is_paid(
    start_town: StartTown, rabbit: Rabbit
) -> None:
    town = start_town()
    town.schedules(3)
    assert payday(town, "dispatch").returncode == 0
    assert wait_for(lambda: rabbit.waiting("pay") == 1, 60)
    deliveries = 0
    with rabbit.channel() as channel:
        # What a worker does whose pool child was killed.
        while (message := channel.basic_get("pay")) is not None:
            deliveries += 1
            assert deliveries <= DELIVERIES_MOST + 1
            channel.basic_reject(message.delivery_tag, requeue=True)
    assert deliveries == DELIVERIES_MOST + 1
    assert wait_for(lambda: rabbit.waiting("payday.dead") == 1, 60)
    with rabbit.channel() as channel:
        dead = channel.basic_get("payday.dead", no_ack=True)
        assert dead.headers["x-death"][0]["reason"] == "delivery_limit"
    town.worker()
    town.beat()
    town.wait_until_paid(3)
    town.assert_journal_agrees()


def test_a_tick_that_nobody_took_is_dropped_and_no_dead_letter(start_town: StartTown, rabbit: Rabbit) -> None:
    town = start_town()
    assert payday(town, "dispatch").returncode == 0  # makes the queues
    town.beat()
    assert wait_for(lambda: rabbit.waiting("dispatch") > 1, 60), town.describe()
    with rabbit.channel() as channel:
        assert int(channel.basic_get("dispatch", no_ack=True).properties["expiration"]) == 60_000
    town.processes[-1].terminate()
    with rabbit.channel() as channel:
        channel.queue_purge("dispatch")
        channel.basic_publish(amqp.Message("{}", expiration="200"), exchange="payday", routing_key="dispatch")
    assert wait_for(lambda: rabbit.waiting("dispatch") == 0, 60)
    assert rabbit.waiting("payday.dead") == 0


def test_a_queue_in_another_form_is_refused_with_the_mend(start_town: StartTown, rabbit: Rabbit) -> None:
    town = start_town()
    with rabbit.channel() as channel:
        channel.queue_declare("pay", durable=True, auto_delete=False)
    said = payday(town, "doctor")
    assert said.returncode == 1
    assert "BAD  broker" in said.stdout
    assert "inequivalent arg" in said.stdout
    assert "delete it there" in said.stdout


def test_the_doctor_is_content_with_rabbitmq(start_town: StartTown, rabbit: Rabbit) -> None:
    town = start_town()
    said = payday(town, "doctor")
    assert "ok   broker      answers; RabbitMQ with quorum queues" in said.stdout


def test_a_batch_that_would_outlive_rabbitmqs_patience_is_refused(start_town: StartTown) -> None:
    town = start_town(LEASE_SECONDS="900")
    said = payday(town, "doctor")
    assert said.returncode == 1
    assert "RabbitMQ's consumer_timeout is 1800 s; set it to 884 or less" in said.stdout


def test_flower_sees_the_workers(start_town: StartTown, tmp_path: Path) -> None:
    town = start_town()
    town.worker()
    port = free_port()
    process = ChildProcess(
        "flower",
        [*CELERY, "flower", "--conf=deploy/flowerconfig.py", "--address=127.0.0.1", f"--port={port}"],
        tmp_path / "flower.log",
        env={**town.environment, "FLOWER_BASIC_AUTH": "me:secret"},
        cwd=ROOT,
    )

    def online() -> bool:
        try:
            page = requests.get(f"http://127.0.0.1:{port}/workers?json=1", auth=("me", "secret"), timeout=5)
        except requests.RequestException:
            return False
        return page.ok and any(worker.get("status") for worker in page.json()["data"])

    with process:
        assert wait_for(online, 60), process.log_tail()


@pytest.mark.parametrize(
    ("point", "hit"),
    [
        ("after_send", 2),
        ("before_ack", 1),
        ("after_publish", 1),
    ],
)
def test_a_pool_child_dies_there_and_everything_is_paid_once(
    start_town: StartTown, tmp_path: Path, point: str, hit: int
) -> None:
    """Its message comes again from the queue, or from the database; what a claim leaves is no broker's matter."""
    town = start_town(PROVIDER_CONCURRENCY="2", BATCH_SIZE="10", CRASH_AT=f"{point}:{hit}:{tmp_path / 'hits'}")
    town.schedules(40)
    town.worker()
    town.beat()
    town.wait_until_paid(40)
    assert (tmp_path / "hits").stat().st_size >= hit
    town.assert_journal_agrees()
