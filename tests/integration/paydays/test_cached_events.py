"""What workers do to payments, and people after them, is seen through the cache."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from typing import Any

import pytest

import shared.cache
from deploy.local.valkey import Valkey
from shared.cache import TIMEOUT_SECONDS, Cache, CacheDown
from tests.bank import BankProcess
from tests.integration.api.client import Api
from tests.world import World

TODAY = "2026-11-20"


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A cache that a busy machine keeps waiting is not taken for one that is down."""
    monkeypatch.setattr(shared.cache, "TIMEOUT_SECONDS", 60.0)


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in earnest, for tests that freeze the cache."""
    monkeypatch.setattr(shared.cache, "TIMEOUT_SECONDS", TIMEOUT_SECONDS)


@pytest.fixture
def api(database_url: str, cache_url: str) -> Iterator[Api]:
    api = Api(database_url, CACHE_URL=cache_url)
    yield api
    api.close()


@pytest.fixture
def world(api: Api, database_url: str, cache_url: str) -> Iterator[World]:
    decline = {"fault": "decline", "payerId": "poor", "code": "blocked"}
    with BankProcess(faults=[decline]) as bank:
        world = World(database_url, bank, today=TODAY, CACHE_URL=cache_url)
        yield world
        world.close()


def statuses(api: Api, *payers: str) -> list[str]:
    return [event["status"] for payer in payers for event in api.get("/v1/events", sub=payer)["data"]]


def test_a_settled_batch_is_seen_at_once_by_all_its_payers(api: Api, world: World) -> None:
    payers = ["alice", "bob", "poor"]
    for payer in payers:
        api.schedule(sub=payer, startDate=TODAY, frequency="once")
    assert statuses(api, *payers) == ["scheduled"] * 3
    world.pay()
    assert statuses(api, *payers) == ["paid", "paid", "failed"]


def test_what_becomes_of_a_failed_payment_is_seen_at_once(api: Api, world: World) -> None:
    made = api.schedule(sub="poor", startDate=TODAY, frequency="once")
    world.pay()

    def seen() -> dict[str, Any]:
        (event,) = api.get("/v1/events", sub="poor")["data"]
        return dict(event)

    assert seen()["retryOn"] is None
    assert api.call("POST", f"/v1/events/{made['events'][0]['id']}/retry", sub="poor").status_code == 200
    assert seen()["retryOn"] == TODAY
    assert api.call("DELETE", f"/v1/events/{made['events'][0]['id']}", sub="poor").status_code == 200
    assert seen()["status"] == "cancelled"


@pytest.mark.usefixtures("impatient")
def test_a_frozen_cache_does_not_hold_a_payment_up(
    api: Api, world: World, cache: Valkey, monkeypatch: pytest.MonkeyPatch
) -> None:
    failed: list[CacheDown] = []
    ask = Cache._ask

    def noting(cache: Cache, *question: Any) -> Any:
        try:
            return ask(cache, *question)
        except CacheDown as error:
            failed.append(error)
            raise

    monkeypatch.setattr(Cache, "_ask", noting)
    api.schedule(startDate=TODAY, frequency="once")
    statuses(api, "alice")
    batches = world.tick()
    os.kill(cache.pid, signal.SIGSTOP)
    try:
        failed.clear()
        assert world.pay(batches) == 1
        assert 1 <= len(failed) <= 5  # of which each waits for one time-out at most, and those in a rest for none
    finally:
        os.kill(cache.pid, signal.SIGCONT)
    assert statuses(api, "alice") in (["paid"], ["scheduled"])  # for five seconds at most: nobody waits for it


@pytest.mark.parametrize("outcome", ["paid", "failed"])
def test_what_a_person_settles_is_seen_at_once(api: Api, world: World, outcome: str) -> None:
    made = api.schedule(startDate=TODAY, frequency="once")
    world.bank.faults({"fault": "drop", "on": "single", "times": 3})
    world.pay()
    assert statuses(api, "alice") == ["unknown"]
    body = {"outcome": outcome, "reason": "seen at the bank", **({"providerRef": "pay_1"} if outcome == "paid" else {})}
    path = f"/v1/events/{made['events'][0]['id']}/resolve"
    assert api.call("POST", path, sub="operator", scopes=("ops",), json=body).status_code == 200
    assert statuses(api, "alice") == [outcome]
