"""One installation that is harmed: servers, a bank, a receiver of notices, and Payday's processes on them."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from pathlib import Path

import psycopg2

from tests.bank import BankProcess
from tests.chaos.client import Client
from tests.chaos.crew import Crew
from tests.chaos.options import Options
from tests.chaos.servers import DATABASE, Servers
from tests.receiver import ReceiverProcess
from tests.town import Town

CANARY = "canary"
"""Stands in every name and secret that must not be seen in a log or a message."""
LEASE_SECONDS = 7
PROCESSING_SECONDS = 5.0
FIRST_DAY = "2026-03-02"
DECLINES = {f"{CANARY}-poor": "insufficient_funds", f"{CANARY}-closed": "account_closed"}
START_SECONDS = 90.0
NOTIFY_TIMEOUT_SECONDS = 1.0
SECRET = f"whsec_{CANARY}{'0' * 34}"
"""Base64 of thirty bytes, and seen for what it is."""
REOPEN = "UPDATE provider SET shut_until = NULL, trips = 0, allowance = NULL"

# Of the outbox only what waits for another try: what a dead sender holds is let go when its lease has passed.
HURRY_NOTICES = """
UPDATE receiver SET wait_until = NULL, failures = 0 WHERE gone_at IS NULL;
UPDATE outbox SET next_at = clock_timestamp() WHERE state = 'waiting' AND tries > 0
"""


class Site:
    """Everything that a fault can harm. `say` shows progress."""

    def __init__(self, options: Options, folder: Path, say: Callable[[str], None]) -> None:
        self.options = options
        self.folder = folder
        self.say = say
        self.logs = folder / "logs"
        self.logs.mkdir()
        token = f"{CANARY}-token"
        declines = [part for payer, code in DECLINES.items() for part in ("--decline", f"{payer}={code}")]
        self.servers = Servers(folder / "servers", options.broker)
        self.bank = BankProcess(
            "--mode", options.mode, "--token", token, "--seed", str(options.seed), *declines, journal=folder / "journal"
        )
        self.receiver = ReceiverProcess(secret=SECRET, journal=folder / "notices")
        self.town = Town(
            self.logs,
            self.servers.database_url,
            self.servers.broker.url,
            self.bank,
            BUSINESS_DATE=FIRST_DAY,
            CACHE_URL=self.servers.cache.url,
            PROVIDER_MODE=options.mode,
            PROVIDER_TOKEN=token,
            PROVIDER_CONCURRENCY="4",
            PROVIDER_BATCH_SIZE=str(options.batch_size),
            PROVIDER_MAX_RPS=str(options.max_rps),
            PROVIDER_PROCESSING_SECONDS=str(PROCESSING_SECONDS),
            NOTIFY_URL=self.receiver.url,
            NOTIFY_SECRET=SECRET,
            NOTIFY_TIMEOUT_SECONDS=str(NOTIFY_TIMEOUT_SECONDS),
            LEASE_SECONDS=str(LEASE_SECONDS),
            BATCH_SIZE="20",
            CUTOFF_AT="23:00",
            HORIZON_CYCLES_MIN="2",
            HORIZON_CYCLES_MAX="4",
            LOG_FORMAT="json",
        )
        self.crew = Crew(self.town, self.logs)

    def open(self) -> None:
        """Starts Payday, or waits for it; returns when the API and a worker are ready. Raises TimeoutError."""
        give_up = time.monotonic() + START_SECONDS
        while not self._is_ready():
            self.crew.tend()
            if time.monotonic() > give_up:
                raise TimeoutError("Payday is not ready")
            time.sleep(0.2)

    def client(self) -> Client:
        """One of the API, for the thread that asks."""
        return Client(lambda: self.crew.url)

    def _is_ready(self) -> bool:
        try:
            return self.crew.has_worker and self.client().ask("GET", "/readyz").ok
        except OSError:
            return False

    def reopen(self) -> None:
        """As if the time had passed for which the provider is left alone: other faults shall have something to hit."""
        with contextlib.suppress(psycopg2.Error), contextlib.closing(self.servers.superuser(DATABASE)) as connection:
            connection.cursor().execute(REOPEN)

    def hurry_notices(self) -> None:
        """As if the time had passed for which the receiver is left alone, and notices with it."""
        with contextlib.suppress(psycopg2.Error), contextlib.closing(self.servers.superuser(DATABASE)) as connection:
            connection.cursor().execute(HURRY_NOTICES)

    def close(self) -> None:
        self.crew.close()
        self.town.close()
        self.bank.close()
        self.receiver.close()
        self.servers.close()
