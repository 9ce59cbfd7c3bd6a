"""Where a peer is measured: durable servers and a bank of its own, as Payday's own side has them."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg2

from deploy.local.processes import ChildProcess
from deploy.local.servers import LocalServers
from tests.bank import BankProcess

ROOT = Path(__file__).parents[3]
NODE_PACKAGES = Path(__file__).with_name("node_modules")
ENQUEUE_SECONDS, PATIENCE_SECONDS, POLL_SECONDS = 300.0, 300.0, 0.25

TABLES = """
CREATE TABLE event (
  id uuid PRIMARY KEY, payer_id text NOT NULL, payee_id text NOT NULL, amount bigint NOT NULL, currency text NOT NULL,
  reference text NOT NULL, status text NOT NULL) WITH (fillfactor = 70);
CREATE TABLE transaction (
  event_id uuid PRIMARY KEY, payer_id text NOT NULL, payee_id text NOT NULL, amount bigint NOT NULL,
  currency text NOT NULL, provider_ref text NOT NULL, started_at timestamptz NOT NULL,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp());
"""
FILL = """
INSERT INTO event SELECT lpad(to_hex(n), 32, '0')::uuid, 'payer-' || n, 'payee-' || n %% 1000, 2500, 'GBP',
  'Rent ' || n, 'scheduled' FROM generate_series(1, %s) AS n
"""
MEASURED = """
SELECT count(*), extract(epoch FROM max(created_at) - min(started_at))::float8 FROM transaction
"""


@dataclass(frozen=True)
class Peer:
    """Something else that a user would pay with; `program` takes `enqueue COUNT` and `work SETTING`.

    `settings` are what is tried for its concurrency; `swept` is with how many payments each is tried.
    """

    name: str
    program: str
    settings: tuple[str, str, str, str]
    swept: int

    @property
    def command(self) -> list[str]:
        if self.program.endswith(".mjs"):
            return ["node", str(Path(__file__).parent / self.program)]
        return [sys.executable, "-m", f"{__package__}.{self.program}"]

    @property
    def lacks(self) -> str | None:
        """What keeps it from being measured on this machine."""
        if not self.program.endswith(".mjs"):
            return None
        if shutil.which("node") is None:
            return "node is absent"
        return None if NODE_PACKAGES.is_dir() else "node's packages are absent (`make bench` installs them with npm)"


def rate(peer: Peer, setting: str, payments: int, *, processes: int) -> float:
    """Payments a second from the first start to the last commit, by so many worker processes.

    All are enqueued before. Raises AssertionError unless all are paid, once, in the bank's journal too.
    """
    with _arena(payments) as (folder, environment, bank), ExitStack() as stack:
        enqueue = _process(peer, ["enqueue", str(payments)], folder / "enqueue.log", environment)
        with enqueue:
            assert enqueue.wait(ENQUEUE_SECONDS) == 0, enqueue.log_tail()
        workers = [
            stack.enter_context(_process(peer, ["work", setting], folder / f"{number}.log", environment))
            for number in range(processes)
        ]
        seconds = _seconds(environment["DATABASE_URL"], payments, workers)
        summary = bank.summary()
        assert (summary["effectivePayments"], summary["doubles"]["count"]) == (payments, 0), summary
        for worker in workers:
            worker.kill()
        return payments / seconds


@contextmanager
def _arena(payments: int) -> Iterator[tuple[Path, dict[str, str], BankProcess]]:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="payday-bench-")))
        folder.chmod(0o755)  # the servers' account passes through
        addresses = stack.enter_context(LocalServers(folder / "servers", {})).environment()
        bank = stack.enter_context(BankProcess())
        with closing(psycopg2.connect(addresses["DATABASE_URL"])) as connection, connection.cursor() as cursor:
            connection.autocommit = True
            cursor.execute(TABLES)
            cursor.execute(FILL, [payments])
            cursor.execute("VACUUM ANALYZE event")
        environment = {
            **os.environ,
            "DATABASE_URL": addresses["DATABASE_URL"],
            "BROKER_URL": addresses["CELERY_BROKER_URL"],
            "BANK_URL": bank.url,
        }
        yield folder, environment, bank


def _process(peer: Peer, arguments: list[str], log: Path, environment: Mapping[str, str]) -> ChildProcess:
    return ChildProcess(peer.name, [*peer.command, *arguments], log, env=environment, cwd=ROOT)


def _seconds(url: str, payments: int, workers: list[ChildProcess]) -> float:
    deadline = time.monotonic() + PATIENCE_SECONDS
    with closing(psycopg2.connect(url)) as connection, connection.cursor() as cursor:
        connection.autocommit = True
        while _left(cursor):
            for worker in workers:
                worker.check()
            if time.monotonic() > deadline:
                raise TimeoutError("\n".join(worker.log_tail() for worker in workers))
            time.sleep(POLL_SECONDS)
        ((count, seconds),) = _rows(cursor, MEASURED)
        assert count == payments
        return float(seconds)


def _left(cursor: Any) -> bool:
    ((some,),) = _rows(cursor, "SELECT EXISTS (SELECT FROM event WHERE status = 'scheduled')")
    return bool(some)


def _rows(cursor: Any, statement: str) -> list[tuple[Any, ...]]:
    cursor.execute(statement)
    rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows
