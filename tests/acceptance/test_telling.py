"""Real workers pay a day while the receiver of notices is slow, or is not there."""

from __future__ import annotations

import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from deploy.local.processes import wait_for
from tests.bank import BankProcess
from tests.integration.notices.sending.tellers import tellers
from tests.receiver import ReceiverProcess
from tests.town import PATIENT, Town

COUNT = 600
BATCH = 20


@pytest.mark.parametrize("trouble", ["slow", "away"])
def test_a_receiver_that_is_slow_or_away_delays_no_payment_and_is_told_later(
    tmp_path: Path, database_url: str, broker_url: str, trouble: str
) -> None:
    with (
        BankProcess() as bank,
        ReceiverProcess() as receiver,
        Town(
            tmp_path,
            database_url,
            broker_url,
            bank,
            **PATIENT,
            NOTIFY_URL=receiver.url,
            NOTIFY_SECRET=receiver.secret,
            NOTIFY_TIMEOUT_SECONDS="60",
            BATCH_SIZE=str(BATCH),
        ) as town,
    ):
        if trouble == "slow":
            receiver.fault(delaySeconds=45, times=1)
        else:
            receiver.kill()
        town.schedules(COUNT)
        town.beat()
        worker = town.worker(concurrency=1)
        town.wait_until_paid(COUNT, timeout_seconds=40)
        # All are paid, and the receiver has answered no call.
        receiver.restart()
        assert receiver.summary()["notices"] <= 2 * BATCH
        town.rows("DELETE FROM receiver RETURNING 1")
        town.rows("UPDATE outbox SET next_at = clock_timestamp() RETURNING 1")
        assert wait_for(_all_told(receiver), 100), (receiver.summary(), town.describe())
        assert receiver.summary()["byType"]["paid"] == {"payer": COUNT, "payee": COUNT}
        assert worker.terminate(30) == 0
        town.assert_journal_agrees()


@pytest.mark.all
@pytest.mark.parametrize("number", [signal.SIGQUIT, signal.SIGKILL])
def test_no_process_that_tells_outlives_its_worker(
    tmp_path: Path, database_url: str, broker_url: str, number: int
) -> None:
    with (
        BankProcess() as bank,
        ReceiverProcess() as receiver,
        Town(tmp_path, database_url, broker_url, bank, NOTIFY_URL=receiver.url, NOTIFY_SECRET=receiver.secret) as town,
    ):
        worker = town.worker()
        assert wait_for(lambda: len(tellers(worker.pid)) == 1, 30)
        worker.send_signal(number)
        worker.wait(60)
        assert wait_for(lambda: not tellers(worker.pid), 10)


def _all_told(receiver: ReceiverProcess) -> Callable[[], bool]:
    return lambda: receiver.summary()["distinct"] == 2 * COUNT
