"""Real workers that die at a given step, or of one payment: everything else is paid, once (rules C1, C4, C8)."""

from __future__ import annotations

from pathlib import Path

import pytest

from deploy.local.processes import wait_for
from tests.acceptance.conftest import StartTown

POISONED = """
import os, signal
import shared.domain.payments as payments

make = payments.make

def deadly(event_id, attempt, payer_id, *columns):
    if payer_id == "poison":
        os.kill(os.getpid(), signal.SIGKILL)
    return make(event_id, attempt, payer_id, *columns)

payments.make = deadly
"""
"""As a worker is killed by what a payment does to its memory: no exception can be caught."""


@pytest.mark.all
@pytest.mark.parametrize(
    ("point", "hit"),
    [("after_send", 1), ("in_settle_commit", 2), ("before_ack", 2)],
)
def test_a_pool_child_dies_there_and_everything_is_paid_once(
    start_town: StartTown, tmp_path: Path, point: str, hit: int
) -> None:
    town = start_town(PROVIDER_CONCURRENCY="2", BATCH_SIZE="10", CRASH_AT=f"{point}:{hit}:{tmp_path / 'hits'}")
    town.schedules(40)
    town.worker()
    town.beat()
    town.wait_until_paid(40)
    assert (tmp_path / "hits").stat().st_size >= hit
    town.assert_journal_agrees()
    town.assert_books_balance()


@pytest.mark.all
def test_a_payment_that_kills_every_worker_is_put_aside_and_the_others_are_paid(
    start_town: StartTown, tmp_path: Path
) -> None:
    (tmp_path / "sitecustomize.py").write_text(POISONED)
    town = start_town(PROVIDER_CONCURRENCY="2", BATCH_SIZE="4")
    api = town.api()
    town.schedules(19)
    poison = api.schedule("poison")["events"][0]["id"]
    town.environment["PYTHONPATH"] = str(tmp_path)
    town.worker()
    town.beat()
    town.wait_until_paid(19, timeout_seconds=150)
    last = ("unknown", "failed")
    assert wait_for(lambda: api.get(f"/v1/events/{poison}")["status"] in last, 90), town.describe()
    assert wait_for(lambda: api.get(f"/v1/events/{poison}")["failureCode"] == "quarantined", 60), town.describe()
    assert town.bank.summary()["effectivePayments"] == 19
    town.assert_journal_agrees()
