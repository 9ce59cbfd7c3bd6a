"""Writers, readers, settlement, evictions and lost removals at once: the cache's promise holds in whatever order."""

from __future__ import annotations

import os
import random
import signal
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import pytest
import redis
from prometheus_client import REGISTRY
from sqlalchemy import text

import shared.cache
from api_service import cache_permission, event_pages
from deploy.local.valkey import Valkey
from shared.cache import Cache, CacheDown, forgetting
from shared.db import cache_closure
from shared.db.engine import Session, telling
from shared.db.retrying import transact
from shared.db.touched import touch
from tests.integration.api.client import Api

WRITERS = ("alice", "bob")
PAYERS = (*WRITERS, "carol")
"""Carol never changes anything herself: what she sees is as old as it may be."""
AGE_SECONDS = 1.0
SLACK_SECONDS = 0.05
"""For two clocks that are read one after the other."""
SOURCES = ("hit", "miss", "closed")
AT_MOST_SECONDS = 60.0
"""After which a race ends whose pages never came from one of the sources."""


@pytest.fixture
def short_times(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same order of lengths as in earnest, a fourth as long: in a few seconds everything runs out many times."""
    monkeypatch.setattr(event_pages, "AGE_SECONDS", AGE_SECONDS)
    monkeypatch.setattr(cache_permission, "LOOK_SECONDS", 0.3)
    monkeypatch.setattr(cache_permission, "LOOK_AGAIN_SECONDS", 0.15)
    monkeypatch.setattr(cache_permission, "LONG_ENOUGH_SECONDS", 1.0)
    monkeypatch.setattr(cache_closure, "CLOSED_SECONDS", 2.0)
    monkeypatch.setattr(shared.cache, "REST_SECONDS", 0.2)


@pytest.fixture
def processes(database_url: str, cache_url: str) -> Iterator[list[Api]]:
    """Two processes of the API, as far as database and cache can tell."""
    apis = [Api(database_url, CACHE_URL=cache_url) for _ in range(2)]
    yield apis
    for api in apis:
        api.close()


@dataclass
class Town:
    """Three payers with one event each. A payer's own changes count its amount up, settlement its version."""

    processes: list[Api]
    seconds: float
    random: random.Random
    before: dict[str, float] = field(default_factory=lambda: {source: pages_from(source) for source in SOURCES})
    events: dict[str, dict[str, Any]] = field(default_factory=dict)
    answered: dict[str, Decimal] = field(default_factory=dict)
    versions: dict[str, list[tuple[int, float]]] = field(default_factory=dict)
    seen_wrong: list[str] = field(default_factory=list)
    started_at: float = 0.0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        for payer in PAYERS:
            self.events[payer] = self.any().schedule(sub=payer, frequency="once", amount="1.00")["events"][0]
            self.answered[payer] = Decimal("1.00")
            self.versions[payer] = []
        self.started_at = time.monotonic()

    @property
    def goes_on(self) -> bool:
        """For its time, and then until pages came from everywhere: harm may keep the cache closed for all of it."""
        if self.seen_wrong:
            return False
        lasted = time.monotonic() - self.started_at
        return lasted < self.seconds or (lasted < AT_MOST_SECONDS and min(self.came().values()) == 0)

    def came(self) -> dict[str, float]:
        """How many pages came from each source."""
        return {source: pages_from(source) - self.before[source] for source in SOURCES}

    def any(self) -> Api:
        with self.lock:
            return self.random.choice(self.processes)

    def chance(self, share: float) -> bool:
        with self.lock:
            return self.random.random() < share

    def see(self, payer: str) -> None:
        """Reads a payer's page as the payer, and judges it by what was known before it asked."""
        known, started = self.answered[payer], time.monotonic()
        (event,) = self.any().get("/v1/events", sub=payer)["data"]
        if Decimal(event["amount"]) < known:
            self.seen_wrong.append(f"{payer} saw {event['amount']} after an answer of {known}")
        late = [at for version, at in self.versions[payer] if version > event["version"]]
        if late and started - min(late) > AGE_SECONDS + SLACK_SECONDS:
            self.seen_wrong.append(f"{payer} saw what was over for {started - min(late):.1f} s")

    def write(self, payer: str) -> None:
        """The payer changes the amount, and looks at once."""
        amount, path = self.answered[payer], f"/v1/events/{self.events[payer]['id']}"
        while self.goes_on:
            version = self.any().get(path, sub=payer)["version"]
            body = {"amount": str(amount + 1)}
            answer = self.any().call("PATCH", path, sub=payer, headers={"If-Match": f'"v{version}"'}, json=body)
            assert answer.status_code in (200, 412), answer.get_data(as_text=True)
            if answer.status_code == 200:
                amount += 1
                self.answered[payer] = amount
            self.see(payer)
            time.sleep(0.05)  # or no page is ever old enough to be wrong

    def read(self) -> None:
        while self.goes_on:
            for payer in PAYERS:
                self.see(payer)

    def settle(self, cache: Cache) -> None:
        """Changes of a worker's: all payers at once, and sometimes nobody tells the cache."""
        sessions = self.processes[0].app.extensions["payday"].sessions
        worker = telling(sessions, forgetting(cache))

        def work(session: Session) -> list[Any]:
            if self.chance(0.2):
                touch(session, PAYERS)
            return list(session.execute(text("UPDATE event SET version = version + 1 RETURNING payer_id, version")))

        while self.goes_on:
            changed = transact(worker, work)
            at = time.monotonic()  # when it was committed at the latest: before that nothing was over
            for payer, version in changed:
                self.versions[payer].append((version, at))
            time.sleep(0.3)

    def harm(self, server: Valkey) -> None:
        """Evicts, flushes and freezes the cache."""
        with redis.Redis.from_url(server.url) as client:
            while self.goes_on:
                if self.chance(0.3):
                    keys: list[bytes] = client.keys("payday:*")  # type: ignore[assignment]
                    for key in keys[::2]:
                        client.delete(key)
                elif self.chance(0.1):
                    client.flushall()
                elif self.chance(0.4):
                    os.kill(server.pid, signal.SIGSTOP)
                    time.sleep(0.3)
                    os.kill(server.pid, signal.SIGCONT)
                time.sleep(0.3)


def race(town: Town, server: Valkey) -> None:
    """Everybody at once until the time is over, or somebody saw something wrong."""
    worker = Cache(server.url)
    tasks: list[Callable[[], None]] = [lambda payer=payer: town.write(payer) for payer in WRITERS]  # type: ignore[misc]
    tasks += [town.read, town.read, lambda: town.settle(worker), lambda: town.harm(server)]
    with ThreadPoolExecutor(len(tasks)) as pool:
        futures = [pool.submit(task) for task in tasks]
    worker.close()
    for future in futures:
        future.result()


def pages_from(source: str) -> float:
    return REGISTRY.get_sample_value("payday_event_page_seconds_count", {"source": source}) or 0.0


@pytest.fixture
def lost_removals(monkeypatch: pytest.MonkeyPatch) -> None:
    """One removal in thirty never reaches the cache, and one in thirty does but its confirmation is lost."""
    forget, choose = Cache.forget, random.Random(4)

    def sometimes(cache: Cache, payers: Any) -> None:
        fate = choose.random()
        if fate < 1 / 30:
            raise CacheDown
        forget(cache, payers)
        if fate < 2 / 30:
            raise CacheDown

    monkeypatch.setattr(Cache, "forget", sometimes)


@pytest.mark.usefixtures("short_times", "lost_removals")
@pytest.mark.parametrize("seconds", [6, pytest.param(20, marks=pytest.mark.all)])
def test_nobody_sees_less_than_his_own_last_change_and_nothing_long_over(
    processes: list[Api], cache: Valkey, seconds: int
) -> None:
    town = Town(processes, seconds, random.Random(20261123))
    race(town, cache)
    assert town.seen_wrong == []
    assert min(town.came().values()) > 0, town.came()  # or nothing was shown
    assert min(town.answered[payer] for payer in WRITERS) > Decimal("1.00")
    assert all(town.versions.values())


@pytest.mark.all
@pytest.mark.usefixtures("short_times", "lost_removals")
@pytest.mark.parametrize("guard", ["closing", "generation"])
def test_the_race_shows_it_where_a_guard_is_off(
    processes: list[Api], cache: Valkey, guard: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: the same eyes see what is wrong."""
    if guard == "closing":
        monkeypatch.setattr(cache_permission.Permission, "withdraw", lambda _: None)
    else:
        monkeypatch.setattr(Cache, "forget", lambda *_: None)
    town = Town(processes, 20, random.Random(20261123))
    race(town, cache)
    assert town.seen_wrong
