"""A payer with batch after batch of slow payments, and others who come behind, on real workers."""

from __future__ import annotations

import pytest

from deploy.local.processes import wait_for
from tests.acceptance.conftest import StartTown
from tests.town import Town

BATCH = 100
SLOW_SECONDS = 0.04
BIG = """
SELECT count(*) FILTER (WHERE t.created_at BETWEEN asked.at AND paid.at) AS before,
  count(*) FILTER (WHERE t.created_at > paid.at) AS behind
FROM transaction t,
  (SELECT min(created_at) AS at FROM schedule WHERE payer_id LIKE :payers) AS asked,
  (SELECT max(created_at) AS at FROM transaction WHERE payer_id LIKE :payers) AS paid
WHERE t.payer_id = 'big'
"""
"""What was paid of the big one before and after others were, by the database's clock: a test may stand still."""
LEFT = "SELECT count(*) AS n FROM event WHERE status <> 'paid' AND payer_id <> 'big'"


def wait_for_others(town: Town) -> None:
    assert wait_for(lambda: town.rows(LEFT)[0].n == 0, 90), town.describe()


@pytest.mark.all
def test_others_wait_for_a_batch_of_a_payer_with_many_and_not_for_all(start_town: StartTown) -> None:
    town = start_town(PROVIDER_CONCURRENCY="2", BATCH_SIZE=str(BATCH), LEASE_SECONDS="20")
    town.bank.faults({"fault": "latency", "seconds": SLOW_SECONDS, "payerId": "big"})
    town.schedules(6 * BATCH, "big", "big-payee-{}")
    town.schedules(BATCH, "other-{}", "other-payee-{}")
    town.worker()
    town.beat()
    wait_for_others(town)
    town.schedules(1, "late-{}", "late-payee-{}")
    town.wait_until_paid(7 * BATCH + 1)
    for payers in ("other-%", "late-%"):
        (big,) = town.rows(BIG, payers=payers)
        assert big.before <= 3 * BATCH  # one in front of them, one between, and what was begun when they came
        assert big.behind > 0
    town.assert_journal_agrees()
    town.assert_books_balance()
