"""Payday as it runs: gunicorn, celery workers, celery beat and a bank as real processes on real servers."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self
from uuid import uuid4

import requests
from sqlalchemy import Row, create_engine, text
from sqlalchemy.orm import Session

from api_service.auth.development import make_token
from deploy.local.ports import free_port
from deploy.local.processes import ChildProcess, wait_for
from shared.db import runs
from shared.db.bookings import books_of
from shared.db.clock import business_now
from shared.db.engine import make_sessions
from shared.db.retrying import transact
from shared.domain.payments import payment_key
from shared.domain.recurrence import Rule
from shared.domain.timeline import Terms
from shared.materialise import NewSchedule, open_schedule
from shared.settings import read_settings
from shared.settings_values import database_url as sqlalchemy_url
from tests.bank import BankProcess

ROOT = Path(__file__).parent.parent
FRONT_END = "schedules:read schedules:write payers:any"
START_SECONDS = 90.0
PATIENT: Final = {"PROVIDER_TIMEOUT_SECONDS": "10", "LEASE_SECONDS": "60"}
"""For a town in which nobody dies: a machine that stands still is neither a silent bank nor a dead worker."""


class Town:
    """One installation and its bank, on a database and a broker of its own; frozen at a business date."""

    def __init__(self, folder: Path, database_url: str, broker_url: str, bank: BankProcess, **environment: str) -> None:
        self.bank = bank
        self.business_date = environment.get("BUSINESS_DATE", "2026-03-02")
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith(("PAYDAY_", "CELERY_"))},
            "DATABASE_URL": database_url,
            "CELERY_BROKER_URL": broker_url,
            "PROVIDER_URL": bank.url,
            "PROVIDER_TIMEOUT_SECONDS": "1",
            "PROVIDER_PROCESSING_SECONDS": "0",
            "LEASE_SECONDS": "7",
            "BUSINESS_DATE": self.business_date,
            "LOG_FORMAT": "console",
            "C_FORCE_ROOT": "1",
            **environment,
        }
        self.folder = folder
        self._engine = create_engine(sqlalchemy_url(database_url))
        self._session = requests.Session()
        self._session.trust_env = False
        self._token = make_token("front-end", FRONT_END.split())
        self._operator = make_token("operator", ["ops"])
        self.processes: list[ChildProcess] = []

    def api(self) -> ApiProcess:
        """Another API process; returns when it is ready."""
        port = free_port()
        command = [sys.executable, "-m", "gunicorn", "-c", "deploy/gunicorn.conf.py", "api_service.wsgi:app"]
        environment = {"PORT": str(port), "WEB_CONCURRENCY": "1"}
        process = self._start(f"api-{port}", command, environment)
        url = f"http://127.0.0.1:{port}"
        process.wait_until(lambda: self._answers(f"{url}/readyz"), START_SECONDS)
        return ApiProcess(url, self)

    def worker(self, concurrency: int = 1) -> ChildProcess:
        """Another worker; returns when it takes messages."""
        number = len(self.processes)
        command = self._celery("worker", "--concurrency", str(concurrency), "--hostname", f"w{number}@%h")
        process = self._start(f"worker-{number}", command)
        process.wait_until(lambda: " ready." in process.log_path.read_text(), START_SECONDS)
        return process

    def beat(self) -> ChildProcess:
        return self._start(f"beat-{len(self.processes)}", self._celery("beat"))

    def schedules(self, count: int, payer: str = "payer-{}", payee: str = "payee") -> None:
        """So many payments of today, by default each of a payer of its own, written as the API writes them but at once.

        `{}` in a name is the payment's number.
        """
        settings = read_settings(self.environment)

        def work(session: Session) -> None:
            now = business_now(session, settings.business)
            rule = Rule(now.today, "once")
            for number in range(count):
                terms = Terms(2500, payee.format(number), None)
                asked = NewSchedule(payer.format(number), "GBP", rule, terms, pay_late=5)
                open_schedule(session, runs.enter(session, now), asked, settings.horizon)

        transact(make_sessions(self._engine), work)

    def rows(self, statement: str, **parameters: object) -> list[Row[Any]]:
        """The rows of a query, in a transaction of its own."""
        with self._engine.begin() as connection:
            return list(connection.execute(text(statement), parameters))

    def statuses(self) -> dict[str, int]:
        """How many events stand in each status."""
        return {row.status: row.n for row in self.rows("SELECT status, count(*) AS n FROM event GROUP BY status")}

    def wait_until_paid(self, count: int, *, declined: int = 0, timeout_seconds: float = 120) -> None:
        """Returns when so many events are paid, and so many declined for good: of several batches any may be last."""

        def ended() -> bool:
            found = self.statuses()
            return found.get("paid", 0) >= count and found.get("failed", 0) >= declined

        assert wait_for(ended, timeout_seconds), self.describe()

    def assert_journal_agrees(self) -> None:
        """The bank's effective payments are our transactions, row by row, each event once (the rules' first)."""
        effective = sorted((row["idempotencyKey"], row["amount"], row["payerId"]) for row in self.bank.payments())
        ours = sorted(
            (payment_key(row.event_id, row.attempt), f"{row.amount / 100:.2f}", row.payer_id)
            for row in self.rows(
                "SELECT t.event_id, t.amount, t.payer_id, e.attempt FROM transaction t"
                " JOIN event e ON e.date = t.event_date AND e.id = t.event_id"
            )
        )
        assert effective == ours
        assert self.rows("SELECT event_id FROM transaction GROUP BY event_id HAVING count(*) > 1") == []
        summary = self.bank.summary()
        assert (summary["doubles"]["count"], summary["notIdentical"]["count"]) == (0, 0)

    def assert_books_balance(self) -> None:
        """Of the business date (rule D6)."""
        books = transact(make_sessions(self._engine), lambda session: books_of(session, self._today, closed=False))
        assert books.balanced, books

    @property
    def _today(self) -> date:
        return date.fromisoformat(self.business_date[:10])

    def describe(self) -> str:
        """For a failure: what stands where, and what the processes said last."""
        batches = self.rows("SELECT status, count(*) FROM batch GROUP BY status")
        tails = "\n".join(f"--- {process.name}\n{process.log_tail(15)}" for process in self.processes)
        return f"events {self.statuses()}, batches {batches}\n{tails}"

    def request(
        self, method: str, url: str, *, body: object = None, key: str | None = None, operator: bool = False
    ) -> requests.Response:
        token = self._operator if operator else self._token
        headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": key or str(uuid4())}
        return self._session.request(method, url, json=body, headers=headers, timeout=60)

    def close(self) -> None:
        for process in reversed(self.processes):
            process.kill()
        self._session.close()
        self._engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _celery(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "celery", "-A", "worker_service.celery_app", *arguments]

    def _start(self, name: str, command: list[str], environment: Mapping[str, str] | None = None) -> ChildProcess:
        process = ChildProcess(
            name, command, self.folder / f"{name}.log", env={**self.environment, **(environment or {})}, cwd=ROOT
        )
        process.start()
        self.processes.append(process)
        return process

    def _answers(self, url: str) -> bool:
        try:
            return self._session.get(url, timeout=10).ok
        except requests.RequestException:
            return False


class ApiProcess:
    """One API process as a client sees it."""

    def __init__(self, url: str, town: Town) -> None:
        self.url = url
        self._town = town

    def schedule(self, payer: str, amount: str = "25.00", **fields: Any) -> dict[str, Any]:
        """Creates a schedule: once and today unless said otherwise."""
        body = {
            "payerId": payer,
            "payeeId": "payee",
            "amount": amount,
            "currency": "GBP",
            "startDate": self._town.business_date[:10],
            "frequency": "once",
            **fields,
        }
        response = self._town.request("POST", f"{self.url}/v1/schedules", body=body)
        assert response.status_code == 201, response.text
        created: dict[str, Any] = response.json()
        return created

    def get(self, path: str, *, operator: bool = True) -> dict[str, Any]:
        response = self._town.request("GET", self.url + path, operator=operator)
        assert response.ok, response.text
        found: dict[str, Any] = response.json()
        return found

    def delete(self, path: str) -> dict[str, Any]:
        response = self._town.request("DELETE", self.url + path)
        assert response.ok, response.text
        found: dict[str, Any] = response.json()
        return found


def pages(get: Callable[[str], dict[str, Any]], path: str) -> Iterator[dict[str, Any]]:
    """Every row of a list, page by page."""
    cursor: str | None = ""
    while cursor is not None:
        page = get(f"{path}&cursor={cursor}" if cursor else path)
        yield from page["data"]
        cursor = page["nextCursor"]
