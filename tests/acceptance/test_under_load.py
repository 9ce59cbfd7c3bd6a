"""200 requests a second while the cache is lost and the database is restarted: right answers, or clear 503s."""

from __future__ import annotations

import queue
import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import requests

from deploy.local.postgres import Postgres
from deploy.local.processes import wait_for
from deploy.local.valkey import Valkey
from tests.embedded import running_postgres, running_valkey
from tests.integration.api.served import Served

pytestmark = [pytest.mark.all, pytest.mark.xdist_group("load")]

REQUESTS_PER_SECOND = 200
PAYERS = 40
CLIENTS = 24
CHANGES = 0.05
PART_SECONDS = 3.0
ONCE = {"payeeId": "landlord", "currency": "GBP", "startDate": "2026-12-31", "frequency": "once"}


@dataclass
class Payer:
    """One caller: changes come one after the other, reads whenever they like."""

    name: str
    event: dict[str, Any] = field(default_factory=dict)
    answered: Decimal = Decimal("1.00")
    asked: Decimal = Decimal("1.00")
    changing: threading.Lock = field(default_factory=threading.Lock)


class Load:
    """Requests at a fixed rate, whatever becomes of them; every answer is judged."""

    def __init__(self, served: Served) -> None:
        self.served = served
        self.payers = [Payer(f"payer-{number}") for number in range(PAYERS)]
        self.harmed: Counter[int] = Counter()
        self.statuses: Counter[int] = Counter()
        self._over = threading.Event()
        self.faults: list[str] = []
        self.seconds: list[float] = []
        self._due: queue.Queue[float | None] = queue.Queue()
        self._lock = threading.Lock()
        self._random = random.Random(200)

    def prepare(self) -> None:
        """One payment each."""
        with self.served.session("front", "schedules:read", "schedules:write", "payers:any") as session:
            for payer in self.payers:
                answer = session.post(
                    f"{self.served.url}/v1/schedules",
                    json={**ONCE, "payerId": payer.name, "amount": "1.00"},
                    headers={"Idempotency-Key": payer.name},
                    timeout=60,
                )
                payer.event = answer.json()["events"][0]

    def run(self, harm: Callable[[], None]) -> None:
        """Sends at the rate before, during and after `harm`, which happens in this thread: what it starts ends with it.

        What becomes of the last part is counted apart: by then all must be well again.
        """
        threads = [threading.Thread(target=self._client) for _ in range(CLIENTS)]
        threads.append(threading.Thread(target=self._tick))
        for thread in threads:
            thread.start()
        try:
            time.sleep(PART_SECONDS)
            harm()
            time.sleep(PART_SECONDS)
            self.harmed, self.statuses = self.statuses, Counter()
            time.sleep(PART_SECONDS)
        finally:
            self._over.set()
            for thread in threads:
                thread.join()

    def _tick(self) -> None:
        due = time.monotonic()
        while not self._over.wait(max(0.0, due - time.monotonic())):
            self._due.put(due)
            due += 1 / REQUESTS_PER_SECOND
        for _ in range(CLIENTS):
            self._due.put(None)

    def _client(self) -> None:
        sessions = {payer.name: self.served.session(payer.name) for payer in self.payers}
        while (due := self._due.get()) is not None:
            with self._lock:
                payer, changes = self._random.choice(self.payers), self._random.random() < CHANGES
            try:
                self._change(sessions[payer.name], payer) if changes else self._read(sessions[payer.name], payer)
            except requests.RequestException as error:
                self._note(f"no answer: {type(error).__name__}")
            with self._lock:
                self.seconds.append(time.monotonic() - due)
        for session in sessions.values():
            session.close()

    def _read(self, session: requests.Session, payer: Payer) -> None:
        known = payer.answered
        answer = session.get(f"{self.served.url}/v1/events", timeout=60)
        if self._judge(answer, 200):
            (event,) = answer.json()["data"]
            if not known <= Decimal(event["amount"]) <= payer.asked:
                self._note(f"saw {event['amount']}, between {known} and {payer.asked} is right")

    def _change(self, session: requests.Session, payer: Payer) -> None:
        """Adds 1.00. A 503 leaves open whether it happened, so the next change begins by looking."""
        if not payer.changing.acquire(blocking=False):
            return self._read(session, payer)
        try:
            path = f"{self.served.url}/v1/events/{payer.event['id']}"
            now = session.get(path, timeout=60)
            if not self._judge(now, 200):
                return None
            payer.asked = Decimal(now.json()["amount"]) + 1
            answer = session.patch(
                path, json={"amount": str(payer.asked)}, headers={"If-Match": now.headers["ETag"]}, timeout=60
            )
            if self._judge(answer, 200):
                payer.answered = payer.asked
            return None
        finally:
            payer.changing.release()

    def _judge(self, answer: requests.Response, expected: int) -> bool:
        """Whether it is the answer to work with; anything but that and a clear 503 is a fault."""
        with self._lock:
            self.statuses[answer.status_code] += 1
        if answer.status_code == expected:
            return True
        clear = answer.headers.get("Content-Type") == "application/problem+json" and "Retry-After" in answer.headers
        if answer.status_code != 503 or not clear:
            self._note(f"{answer.status_code} {answer.text}")
        return False

    def _note(self, fault: str) -> None:
        with self._lock:
            self.faults.append(fault)


@pytest.fixture
def postgres(server_folder: Path) -> Iterator[Postgres]:
    """A durable one: what was answered must be there after an immediate stop."""
    with running_postgres(server_folder, f"loaded-{uuid4().hex}", durable=True) as postgres:
        yield postgres


@pytest.fixture
def valkey(server_folder: Path) -> Iterator[Valkey]:
    with running_valkey(server_folder, "loaded-cache", "allkeys-lru", "64mb") as server:
        yield server


@pytest.fixture
def load(postgres: Postgres, valkey: Valkey, tmp_path: Path) -> Iterator[Load]:
    settings = {"CACHE_URL": valkey.url, "LOG_LEVEL": "WARNING", "WEB_CONCURRENCY": "2"}
    with Served(postgres.url("payday", "payday"), tmp_path, **settings) as served:
        load = Load(served)
        load.prepare()
        yield load


def assert_right(load: Load) -> None:
    shown = (load.harmed, load.statuses, sorted(load.seconds)[-1], load.served.log[-2000:])
    assert load.faults == [], shown
    assert set(load.statuses) == {200}, shown
    assert load.harmed[200] > 0, shown
    last = sorted(load.seconds)
    print(f"{load.harmed}; median {last[len(last) // 2] * 1000:.1f} ms, 99 % {last[len(last) * 99 // 100]:.3f} s")


def test_a_lost_cache_yields_only_right_answers(load: Load, valkey: Valkey) -> None:
    def harm() -> None:
        valkey.kill()
        time.sleep(PART_SECONDS)
        valkey.start()

    load.run(harm)
    assert set(load.harmed) == {200}, load.harmed
    assert_right(load)


def test_a_restarted_database_yields_right_answers_and_clear_503s(load: Load, postgres: Postgres) -> None:
    def harm() -> None:
        postgres.stop("immediate")
        assert wait_for(lambda: load.statuses[503] > 0, 60)
        postgres.start()
        load.served.wait_until(lambda: load.served.status("/readyz") == 200, 60)

    load.run(harm)
    assert_right(load)
