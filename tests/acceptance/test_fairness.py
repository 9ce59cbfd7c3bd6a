"""A payer with batch after batch of slow payments, and others who come behind, on real workers."""

from __future__ import annotations

import pytest

from deploy.local.processes import wait_for
from tests.acceptance.conftest import StartTown
from tests.town import Town

BATCH = 100
SLOW_SECONDS = 0.04
BIG = "SELECT count(*) AS n FROM event WHERE status = 'paid' AND payer_id = 'big'"
LEFT = "SELECT count(*) AS n FROM event WHERE status <> 'paid' AND payer_id <> 'big'"


def paid_of_big(town: Town) -> int:
    (row,) = town.rows(BIG)
    return int(row.n)


def wait_for_others(town: Town) -> None:
    assert wait_for(lambda: town.rows(LEFT)[0].n == 0, 60), town.describe()


@pytest.mark.all
def test_others_wait_for_a_batch_of_a_payer_with_many_and_not_for_all(start_town: StartTown) -> None:
    town = start_town(PROVIDER_CONCURRENCY="2", BATCH_SIZE=str(BATCH), LEASE_SECONDS="20")
    town.bank.faults({"fault": "latency", "seconds": SLOW_SECONDS, "payerId": "big"})
    town.schedules(6 * BATCH, "big", "big-payee-{}")
    town.schedules(BATCH, "other-{}", "other-payee-{}")
    town.worker()
    town.beat()
    wait_for_others(town)
    before = paid_of_big(town)
    assert before <= 3 * BATCH  # one in front of them, one between, and what of the next was paid while we looked
    town.schedules(1, "late-{}", "late-payee-{}")
    wait_for_others(town)
    assert paid_of_big(town) - before <= 3 * BATCH
    assert paid_of_big(town) < 6 * BATCH
    town.wait_until_paid(7 * BATCH + 1)
    town.assert_journal_agrees()
    town.assert_books_balance()
