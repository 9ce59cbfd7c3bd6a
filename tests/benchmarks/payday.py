"""Payday's side of a comparison: Celery, HTTP, bank and durable PostgreSQL as real processes on this machine."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from sqlalchemy import create_engine, text

from deploy.local.servers import DATABASE_NAME, LocalServers
from shared.db import migrate, partitions
from shared.db.engine import make_sessions
from shared.settings_values import database_url
from tests.bank import BankProcess
from tests.benchmarks.gauges import until_still
from tests.town import Town

DAY = "2026-03-02"
PATIENCE_SECONDS = 900.0

FILL = text("""
WITH made AS (
  INSERT INTO schedule (id, payer_id, payee_id, start_date, is_recurring, amount, currency, frequency, rule, pay_late,
    next_sequence, written_through)
  SELECT CAST(lpad(to_hex(n), 32, '0') AS uuid), 'payer-' || n, 'payee-' || n % 1000, CAST(:day AS date), false,
    100 + n % 10000, 'GBP', 'once',
    '{"startDate": "2026-03-02", "frequency": "once", "interval": 1, "monthEnd": "clamp",
      "dayConvention": "none", "calendar": "GB-ENG"}', 5, 2, CAST(:day AS date)
  FROM generate_series(CAST(:first AS int), CAST(:last AS int)) AS n
  RETURNING id, payer_id, payee_id, amount)
INSERT INTO event (date, id, schedule_id, payer_id, payee_id, amount, currency, nominal_date, sequence, revision)
SELECT CAST(:day AS date), id, id, payer_id, payee_id, amount, 'GBP', CAST(:day AS date), 1, 1 FROM made
""")

BEGUN = "SELECT min(created_at) AS at FROM booking WHERE run_date = :day AND heading = 'in_flight'"
ENDED = "SELECT max(created_at) AS at FROM booking WHERE run_date = :day AND heading = 'paid'"
STATUSES = "SELECT status, count(*) AS n FROM event WHERE date = CAST(:day AS date) GROUP BY status"
NOTHING_LEFT = """
SELECT CASE WHEN NOT EXISTS (SELECT FROM batch WHERE run_date = :day AND status IN ('waiting', 'claimed'))
             AND EXISTS (SELECT FROM run WHERE date = :day AND opened_at IS NOT NULL) THEN now() END AS at
"""


@dataclass(frozen=True)
class Rate:
    """`seconds` from the first claim to the last settlement."""

    events: int
    seconds: float

    @property
    def per_second(self) -> float:
        return self.events / self.seconds


def measure(
    events: int,
    *,
    workers: int,
    provider_batch: int,
    concurrency: int = 8,
    bank: Sequence[str] = (),
    **environment: str,
) -> Rate:
    """Pays so many due events with workers of one process each, on new servers.

    `provider_batch` payments in a call (1: single calls), `concurrency` calls in flight in each worker; `bank`: options
    of its command line. Raises AssertionError unless every event is paid and the bank's journal says the same.
    """
    with town_with(events, provider_batch=provider_batch, concurrency=concurrency, bank=bank, **environment) as town:
        return pay(town, events, workers=workers)


@dataclass(frozen=True)
class Place:
    """A migrated database and a broker on durable servers of their own, and the folder of their files and logs."""

    folder: Path
    database_url: str
    superuser_url: str
    broker_url: str


@contextmanager
def town_with(
    events: int, *, provider_batch: int, concurrency: int = 8, bank: Sequence[str] = (), **environment: str
) -> Iterator[Town]:
    """A town with so many events due and nobody at work yet, on durable servers and with a bank of its own."""
    with new_place() as place:
        fill(place.database_url, events)
        with town_at(place, provider_batch=provider_batch, concurrency=concurrency, bank=bank, **environment) as town:
            yield town


@contextmanager
def new_place(*, within: Path | None = None, settings: Mapping[str, str] | None = None) -> Iterator[Place]:
    """New servers in a folder that is gone afterwards; `settings` are PostgreSQL's."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="payday-bench-", dir=within)))
        folder.chmod(0o755)  # the servers' account passes through
        servers = stack.enter_context(LocalServers(folder / "servers", {}, settings=settings))
        addresses = servers.environment()
        migrate.upgrade(addresses["DATABASE_URL"])
        assert servers.postgres is not None
        superuser_url = servers.postgres.url(DATABASE_NAME)
        yield Place(folder, addresses["DATABASE_URL"], superuser_url, addresses["CELERY_BROKER_URL"])


@contextmanager
def town_at(
    place: Place, *, provider_batch: int, concurrency: int = 8, bank: Sequence[str] = (), **environment: str
) -> Iterator[Town]:
    """A town with nobody at work yet, and its bank, whose journal stands in the place's folder."""
    settings = {
        "BUSINESS_DATE": DAY,
        "PROVIDER_BATCH_SIZE": str(provider_batch),
        "PROVIDER_CONCURRENCY": str(concurrency),
        "BATCH_SIZE": str(batch_size(provider_batch, concurrency)),
        "PROVIDER_TIMEOUT_SECONDS": "10",
        "LEASE_SECONDS": "120",
    }
    with (
        tempfile.TemporaryDirectory(prefix="bank-", dir=place.folder) as journals,
        BankProcess(*bank, journal=Path(journals) / "journal") as serving,
        Town(place.folder, place.database_url, place.broker_url, serving, **(settings | environment)) as town,
    ):
        yield town


def batch_size(provider_batch: int, concurrency: int) -> int:
    """As the operations page advises: two calls for each that may be in flight, and never less than the default."""
    return max(1000, 2 * provider_batch * concurrency)


def fill(url: str, events: int) -> None:
    """Writes one-time schedules with an event each, all due on DAY, in months of their own as a worker keeps them."""
    engine = create_engine(database_url(url))
    with make_sessions(engine).begin() as session:
        partitions.make_ahead(session, date.fromisoformat(DAY))
    with engine.begin() as connection:
        connection.execute(text("SET LOCAL statement_timeout = 0"))
        connection.execute(FILL, {"day": DAY, "first": 1, "last": events})
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE event"))
    engine.dispose()


def pay(town: Town, events: int, *, workers: int) -> Rate:
    """Starts workers and beat and waits until all events of the town's day are paid, which are so many."""
    for _ in range(workers):
        town.worker()
    until_still(town)
    town.beat()
    started = until(town, BEGUN)
    until(town, NOTHING_LEFT)
    (ended,) = town.rows(ENDED, day=town.business_date)
    statuses = {row.status: row.n for row in town.rows(STATUSES, day=town.business_date)}
    assert statuses == {"paid": events}, town.describe()
    summary = town.bank.summary()
    assert (summary["effectivePayments"], summary["doubles"]["count"]) == (events, 0), summary
    return Rate(events, (ended.at - started).total_seconds())


def until(town: Town, question: str, *, patience_seconds: float = PATIENCE_SECONDS) -> datetime:
    """The first `at` that the question about the town's day is answered with. Raises when one of the town's processes
    has ended, and TimeoutError."""
    deadline = time.monotonic() + patience_seconds
    while time.monotonic() < deadline:
        for row in town.rows(question, day=town.business_date):
            if row.at is not None:
                at: datetime = row.at
                return at
        for process in town.processes:
            process.check()
        time.sleep(0.1)
    raise TimeoutError(town.describe())
