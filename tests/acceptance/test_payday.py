"""A payday with real processes: HTTP in, payments out, judged by the bank's journal."""

from __future__ import annotations

import os
import signal
import threading
from pathlib import Path

import pytest
import redis

from deploy.local.processes import wait_for
from tests.acceptance.conftest import StartTown
from tests.town import PATIENT, pages


def test_schedules_created_over_http_are_paid_by_beat_and_worker(start_town: StartTown) -> None:
    town = start_town("--decline", "poor=insufficient_funds", PROVIDER_BATCH_SIZE="10", **PATIENT)
    api = town.api()
    created = [api.schedule(f"payer-{n}", amount=f"{n + 1}.00", frequency="monthly") for n in range(60)]
    declined = api.schedule("poor")
    later = api.schedule("later", startDate="2026-03-03")
    town.worker()
    town.beat()
    town.wait_until_paid(60, declined=1)
    town.assert_journal_agrees()

    run = api.get("/v1/runs/2026-03-02")
    assert {name: run[name]["count"] for name in ("due", "paid", "declined", "waiting", "inFlight")} == {
        "due": 61,
        "paid": 60,
        "declined": 1,
        "waiting": 0,
        "inFlight": 0,
    }
    assert run["balanced"] is True
    assert run["paid"]["amounts"] == {"GBP": f"{60 * 61 // 2}.00"}
    transactions = {row["eventId"]: row for row in pages(api.get, "/v1/transactions?limit=25")}
    assert len(transactions) == 60
    for schedule in created:
        event = api.get(f"/v1/events/{schedule['events'][0]['id']}")
        assert (event["status"], event["attempts"]) == ("paid", 1)
        assert transactions[event["id"]]["id"] == event["transactionId"]
        assert transactions[event["id"]]["amount"] == schedule["amount"]
    event = api.get(f"/v1/events/{declined['events'][0]['id']}")
    assert (event["status"], event["failureCode"]) == ("failed", "insufficient_funds")
    assert api.get(f"/v1/events/{later['events'][0]['id']}")["status"] == "scheduled"


@pytest.mark.all
def test_a_worker_killed_in_mid_batch_leaves_nothing_unpaid_and_nothing_paid_twice(start_town: StartTown) -> None:
    town = start_town("--latency-ms", "50", PROVIDER_CONCURRENCY="2", BATCH_SIZE="100")
    town.schedules(150)
    doomed = town.worker()
    town.beat()
    assert wait_for(lambda: town.bank.summary()["effectivePayments"] > 20, 60), town.describe()
    os.killpg(doomed.pid, signal.SIGKILL)
    assert 0 < town.bank.summary()["effectivePayments"] < 150
    assert town.statuses().get("processing", 0) > 0
    town.worker()
    town.wait_until_paid(150)
    town.assert_journal_agrees()
    town.assert_books_balance()


@pytest.mark.all
def test_a_killed_pool_child_does_not_lose_its_batch(start_town: StartTown) -> None:
    town = start_town("--latency-ms", "20", PROVIDER_CONCURRENCY="2", BATCH_SIZE="50")
    town.schedules(60)
    worker = town.worker()
    town.beat()
    assert wait_for(lambda: town.bank.summary()["effectivePayments"] > 10, 60), town.describe()
    children = _children(worker.pid)
    assert children
    for child in children:
        os.kill(child, signal.SIGKILL)
    town.wait_until_paid(60)
    town.assert_journal_agrees()


@pytest.mark.all
def test_a_flushed_broker_delays_the_run_and_loses_nothing(start_town: StartTown) -> None:
    town = start_town("--latency-ms", "10", PROVIDER_CONCURRENCY="2", BATCH_SIZE="20")
    town.schedules(200)
    town.worker()
    town.beat()
    assert wait_for(lambda: town.bank.summary()["effectivePayments"] > 30, 60), town.describe()
    with redis.Redis.from_url(town.environment["CELERY_BROKER_URL"]) as broker:
        broker.flushall()
    town.wait_until_paid(200)
    town.assert_journal_agrees()


@pytest.mark.all
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


@pytest.mark.all
def test_events_created_after_the_plan_by_two_api_processes_at_once_are_paid_today(start_town: StartTown) -> None:
    town = start_town(PROVIDER_BATCH_SIZE="10", BATCH_SIZE="10")
    first, second = town.api(), town.api()
    first.schedule("early")
    town.worker()
    town.beat()
    town.wait_until_paid(1)
    assert first.get("/v1/runs/2026-03-02")["status"] == "open"

    def create(api_name: str) -> None:
        api = first if api_name == "first" else second
        for number in range(30):
            api.schedule(f"{api_name}-{number}")

    users = [threading.Thread(target=create, args=(name,)) for name in ("first", "second")]
    for user in users:
        user.start()
    for user in users:
        user.join()
    town.wait_until_paid(61)
    town.assert_journal_agrees()
    run = second.get("/v1/runs/2026-03-02")
    assert (run["due"]["count"], run["paid"]["count"], run["balanced"]) == (61, 61, True)


@pytest.mark.all
def test_a_worker_asked_to_end_gives_back_what_it_did_not_send(start_town: StartTown) -> None:
    town = start_town(
        "--latency-ms", "100", PROVIDER_CONCURRENCY="1", LEASE_SECONDS="120", PROVIDER_TIMEOUT_SECONDS="5"
    )
    town.schedules(100)
    worker = town.worker()
    town.beat()
    assert wait_for(lambda: town.bank.summary()["effectivePayments"] > 5, 60), town.describe()
    assert worker.terminate(timeout_seconds=60) == 0  # 100 payments one by one take ten seconds
    stood = town.statuses()
    assert stood["paid"] == town.bank.summary()["effectivePayments"] < 60
    assert stood == {"paid": stood["paid"], "scheduled": 100 - stood["paid"]}
    town.worker()
    town.wait_until_paid(100)
    town.assert_journal_agrees()
    assert town.bank.summary()["sends"] == 100


def _children(pid: int) -> list[int]:
    listed = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    return [int(child) for child in listed.split()]
