"""Pages of events from the cache: never older than a caller's own last change, nor than five seconds."""

from __future__ import annotations

import itertools
import os
import signal
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import pytest
import redis
from sqlalchemy import text

import shared.cache
from api_service import cache_permission, event_pages
from api_service.cache_permission import MARGIN_SECONDS, Permission
from api_service.event_pages import AGE_SECONDS, CLOCKS_DIFFER_SECONDS
from deploy.local.processes import wait_for
from deploy.local.valkey import Valkey
from shared.cache import REST_SECONDS, TIMEOUT_SECONDS, Cache, generation_key
from shared.db.cache_closure import CLOSED_SECONDS, LOOK_SECONDS
from tests.integration.api.client import Api

EVENTS = "/v1/events?payerId=alice"
PATIENCE_SECONDS = 60.0
CLOCKS_ROUND_SECONDS = 0.05
OPS = ("ops", "schedules:write", "payers:any")


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A cache that a busy machine keeps waiting is not taken for one that is down."""
    monkeypatch.setattr(shared.cache, "TIMEOUT_SECONDS", PATIENCE_SECONDS)


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in earnest, for tests that freeze the cache."""
    monkeypatch.setattr(shared.cache, "TIMEOUT_SECONDS", TIMEOUT_SECONDS)


@pytest.fixture
def api(database_url: str, cache_url: str) -> Iterator[Api]:
    """The API with a cache."""
    api = Api(database_url, CACHE_URL=cache_url)
    yield api
    api.close()


@pytest.fixture
def other(api: Api, database_url: str, cache_url: str) -> Iterator[Api]:
    """Another process of the same API: it shares the database and the cache, and nothing else."""
    other = Api(database_url, CACHE_URL=cache_url)
    yield other
    other.close()


def amounts(api: Api) -> list[str]:
    return [event["amount"] for event in api.get(EVENTS)["data"]]


def behind_our_back(api: Api, amount: int) -> None:
    """A change that nobody tells the cache of."""
    api.rows("UPDATE event SET amount = :amount", amount=amount)


def change(api: Api, event: dict[str, Any], amount: str) -> None:
    """A payer's change of one event, whatever its version."""
    version = api.get(f"/v1/events/{event['id']}")["version"]
    answer = api.call(
        "PATCH", f"/v1/events/{event['id']}", headers={"If-Match": f'"v{version}"'}, json={"amount": amount}
    )
    assert answer.status_code == 200, answer.get_data(as_text=True)


def assert_over_within(seconds: float, api: Api, amount: str) -> None:
    """Whoever asks so long after now sees the new amount; how long the answer takes is the machine's matter."""
    changed_at = asked_at = time.monotonic()
    while amounts(api) != [amount]:
        assert asked_at - changed_at < seconds + CLOCKS_ROUND_SECONDS
        asked_at = time.monotonic()


@contextmanager
def frozen(server: Valkey) -> Iterator[None]:
    os.kill(server.pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(server.pid, signal.SIGCONT)


def test_a_page_is_answered_again_from_the_cache(api: Api, other: Api) -> None:
    api.schedule(frequency="once")
    assert amounts(api) == ["25.00"]
    behind_our_back(api, 9900)
    assert (amounts(api), amounts(other)) == (["25.00"], ["25.00"])


def test_without_a_cache_every_page_is_read(database_url: str) -> None:
    api = Api(database_url)
    api.schedule(frequency="once")
    assert amounts(api) == ["25.00"]
    behind_our_back(api, 9900)
    assert amounts(api) == ["99.00"]
    api.close()


def _event(api: Api, made: dict[str, Any]) -> str:
    return f"/v1/events/{made['events'][0]['id']}"


def _schedule(api: Api, made: dict[str, Any]) -> str:
    return f"/v1/schedules/{made['id']}"


def _patch(path: str, api: Api, **body: Any) -> int:
    version = api.get(path)["version"]
    return api.call("PATCH", path, headers={"If-Match": f'"v{version}"'}, json=body).status_code


def _paused(api: Api, made: dict[str, Any]) -> int:
    return api.call("POST", f"{_schedule(api, made)}/pauses", json={"from": "2026-12-01"}).status_code


def _resumed(api: Api, made: dict[str, Any]) -> int:
    _paused(api, made)
    amounts(api)
    (pause,) = api.get(_schedule(api, made))["pauses"]
    return api.call("DELETE", f"{_schedule(api, made)}/pauses/{pause['id']}").status_code


def _restored(api: Api, made: dict[str, Any]) -> int:
    api.call("DELETE", _event(api, made))
    amounts(api)
    return api.call("POST", f"{_event(api, made)}/restore").status_code


CHANGES: dict[str, Callable[[Api, dict[str, Any]], int]] = {
    "another schedule": lambda api, made: 200 if api.schedule(frequency="once", amount="7.00") else 0,
    "an event is edited": lambda api, made: _patch(_event(api, made), api, amount="7.00"),
    "an event is skipped": lambda api, made: api.call("DELETE", _event(api, made)).status_code,
    "an event is restored": _restored,
    "a schedule is edited": lambda api, made: _patch(_schedule(api, made), api, amount="7.00"),
    "a schedule is cancelled": lambda api, made: api.call("DELETE", _schedule(api, made)).status_code,
    "a schedule is paused": _paused,
    "a schedule is resumed": _resumed,
}


@pytest.mark.parametrize("name", CHANGES)
def test_each_change_is_seen_at_once_in_every_process(api: Api, other: Api, name: str) -> None:
    made = api.schedule(frequency="monthly", count=2)
    assert len(amounts(other)) == 2
    before = other.get(EVENTS)
    assert CHANGES[name](api, made) < 300
    after = other.get(EVENTS)
    assert after != before
    with_no_cache = Api(api.engine.url.render_as_string(hide_password=False))
    assert after == with_no_cache.get(EVENTS)
    with_no_cache.close()


def test_a_repeated_request_makes_its_effect_seen_too(api: Api, other: Api) -> None:
    """The process may have died between the commit and the telling of it."""
    amounts(other)
    first = api.schedule(key="mine", frequency="once")
    behind_our_back(api, 9900)
    assert amounts(other) == ["99.00"]  # kept from here on
    behind_our_back(api, 8800)
    assert api.schedule(key="mine", frequency="once") == first
    assert amounts(other) == ["88.00"]


def test_a_refused_change_makes_what_refuses_it_seen(api: Api, other: Api) -> None:
    made = api.schedule(frequency="once")
    amounts(other)
    behind_our_back(api, 9900)
    answer = api.call("PATCH", _event(api, made), headers={"If-Match": '"v77"'}, json={"amount": "7.00"})
    assert answer.status_code == 412
    assert amounts(other) == ["99.00"]


def test_a_late_filler_brings_no_older_page_back(api: Api, other: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """It read the database before the change, and writes to the cache after it."""
    made = api.schedule(frequency="once")
    keep, late = Cache.keep, []

    def keep_late(cache: Cache, key: str, *page: Any) -> None:
        monkeypatch.setattr(Cache, "keep", keep)
        change(other, made["events"][0], "7.00")
        assert amounts(other) == ["7.00"]
        keep(cache, key, *page)
        late.append(key)

    monkeypatch.setattr(Cache, "keep", keep_late)
    assert amounts(api) == ["25.00"]
    assert late
    assert (amounts(api), amounts(other)) == (["7.00"], ["7.00"])


def test_a_late_filler_does_not_replace_what_was_read_after_it(
    api: Api, other: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where nobody was told of the change between the two."""
    api.schedule(frequency="once")
    keep = Cache.keep

    def keep_late(cache: Cache, key: str, *page: Any) -> None:
        monkeypatch.setattr(Cache, "keep", keep)
        time.sleep(0.005)
        behind_our_back(api, 700)
        assert amounts(other) == ["7.00"]
        keep(cache, key, *page)

    monkeypatch.setattr(Cache, "keep", keep_late)
    assert amounts(api) == ["25.00"]
    assert (amounts(api), amounts(other)) == (["7.00"], ["7.00"])


def test_a_repeated_pause_of_a_front_end_is_seen_too(api: Api, other: Api) -> None:
    """The answer that is repeated does not say whose schedule it was."""
    made = api.schedule(frequency="monthly", count=2)
    path = f"{_schedule(api, made)}/pauses"
    front: dict[str, Any] = {"sub": "front", "scopes": OPS, "key": "once", "json": {"from": "2026-12-01"}}
    assert api.call("POST", path, **front).status_code == 201
    behind_our_back(api, 9900)
    assert amounts(other) == ["99.00"] * 2  # kept from here on
    behind_our_back(api, 8800)
    assert api.call("POST", path, **front).headers["Idempotent-Replayed"] == "true"
    assert amounts(other) == ["88.00"] * 2


def test_a_slow_closing_lets_nobody_answer_too_early(api: Api, other: Api) -> None:
    """The closure counts from when this process heard of it, not from when it was asked for or noted."""
    permissions = [Permission(each.app.extensions["payday"].sessions) for each in (api, other)]
    with api.engine.begin() as connection:
        connection.execute(text("SELECT 1 FROM cache_closure FOR UPDATE"))
        with ThreadPoolExecutor() as pool:
            waiting = [pool.submit(_withdrawn_at, permission) for permission in permissions]
            time.sleep(LOOK_SECONDS + 0.3)
            connection.execute(text("UPDATE cache_closure SET closed_at = now(), closed_until = now() + '15 s'"))
            connection.commit()
            committed_at = time.monotonic()
    assert all(future.result() - committed_at >= LOOK_SECONDS for future in waiting)


def _withdrawn_at(permission: Permission) -> float:
    permission.withdraw()
    return time.monotonic()


def test_a_change_that_was_not_told_is_seen_within_five_seconds(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    assert AGE_SECONDS + CLOCKS_DIFFER_SECONDS < 5
    monkeypatch.setattr(event_pages, "AGE_SECONDS", 0.4)
    api.schedule(frequency="once")
    amounts(api)
    behind_our_back(api, 9900)
    assert_over_within(0.4, api, "99.00")


def test_a_page_that_the_cache_kept_too_long_is_not_answered(
    api: Api, cache_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It stood still for a while, or was restored from a copy."""
    monkeypatch.setattr(event_pages, "AGE_SECONDS", 0.3)
    api.schedule(frequency="once")
    amounts(api)
    with redis.Redis.from_url(cache_url) as client:
        (key,) = client.keys("payday:events:*")  # type: ignore[misc]
        client.persist(key)
        behind_our_back(api, 9900)
        assert_over_within(0.3, api, "99.00")


@pytest.mark.usefixtures("impatient")
def test_a_change_while_the_cache_is_frozen_is_seen_when_it_wakes(
    api: Api, other: Api, cache: Valkey, waits: list[float]
) -> None:
    made = api.schedule(frequency="once")
    amounts(other)
    with frozen(cache):
        started = time.monotonic()
        change(api, made["events"][0], "7.00")
        assert time.monotonic() - started > LOOK_SECONDS
    assert len(waits) == 1
    assert waits[0] <= LOOK_SECONDS + MARGIN_SECONDS
    assert amounts(other) == ["7.00"]


def test_that_shows_it_only_because_the_cache_is_closed(
    other: Api, database_url: str, cache_url: str, cache: Valkey, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: the removal that timed out waits in the server's queue behind the reader's question."""
    with monkeypatch.context() as hasty:
        hasty.setattr(shared.cache, "TIMEOUT_SECONDS", TIMEOUT_SECONDS)
        api = Api(database_url, CACHE_URL=cache_url)
    made = api.schedule(frequency="once")
    amounts(other)
    monkeypatch.setattr(Permission, "withdraw", lambda _: None)
    forget = Cache.forget
    monkeypatch.setattr(Cache, "forget", lambda cache, payers: forget(cache, ["nobody"]))
    with frozen(cache):
        change(api, made["events"][0], "7.00")
    assert amounts(other) == ["25.00"]
    api.close()


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """For how long changes wait until nobody answers from the cache."""
    waits: list[float] = []

    def sleep(seconds: float) -> None:
        waits.append(seconds)
        time.sleep(seconds)

    monkeypatch.setattr(cache_permission, "time", SimpleNamespace(monotonic=time.monotonic, sleep=sleep))
    return waits


@pytest.mark.usefixtures("impatient")
def test_only_the_first_change_of_a_process_waits_while_the_cache_is_down(
    api: Api, other: Api, cache: Valkey, waits: list[float]
) -> None:
    made = api.schedule(frequency="once")
    amounts(other)
    with frozen(cache):
        change(api, made["events"][0], "7.00")
        for amount in ("8.00", "9.00", "10.00"):
            change(api, made["events"][0], amount)
            assert amounts(other) == [amount]
        change(other, made["events"][0], "11.00")
    assert (amounts(api), amounts(other)) == (["11.00"], ["11.00"])
    assert len(waits) <= 2  # of two processes
    assert 0 < waits[0] <= LOOK_SECONDS + MARGIN_SECONDS


@pytest.mark.usefixtures("impatient")
def test_a_closed_cache_is_opened_again(api: Api, other: Api, cache: Valkey) -> None:
    made = api.schedule(frequency="once")
    with frozen(cache):
        change(api, made["events"][0], "7.00")
    api.rows("UPDATE cache_closure SET closed_until = clock_timestamp()")
    time.sleep(max(REST_SECONDS, LOOK_SECONDS))  # both processes' rest is over, and they look again
    new = itertools.count(8)

    def kept() -> bool:
        """Whether both answer what was read before a change that nobody told them of."""
        before = amounts(api)
        behind_our_back(api, 100 * next(new))
        return amounts(api) == amounts(other) == before

    assert wait_for(kept, PATIENCE_SECONDS)  # again where a slow answer made one of them rest


def test_the_cache_stays_closed_longer_than_anything_in_it_is_young() -> None:
    assert CLOSED_SECONDS > LOOK_SECONDS + AGE_SECONDS + CLOCKS_DIFFER_SECONDS + 1


def test_a_cache_that_is_gone_costs_answers_nothing(database_url: str, cache_url: str) -> None:
    api = Api(database_url, CACHE_URL="redis://127.0.0.1:1/0")
    made = api.schedule(frequency="once")
    change(api, made["events"][0], "7.00")
    assert amounts(api) == ["7.00"]
    change(api, made["events"][0], "8.00")
    assert amounts(api) == ["8.00"]
    api.close()


def _garbage(client: redis.Redis, page: bytes, generation: bytes) -> None:
    for key in (page, generation):
        client.set(key, b"\x00garbage")


def _forged(client: redis.Redis, page: bytes, generation: bytes) -> None:
    kept = client.get(page)
    assert isinstance(kept, bytes)
    client.set(page, kept.replace(b"25.00", b"99.99"))


def _another_payers(client: redis.Redis, page: bytes, generation: bytes) -> None:
    """A true page, under the wrong key."""
    (theirs,) = [key for key in client.keys("payday:events:*") if key != page]  # type: ignore[union-attr]
    client.set(page, client.get(theirs))  # type: ignore[arg-type]


def _other_types(client: redis.Redis, page: bytes, generation: bytes) -> None:
    for key in (page, generation):
        client.delete(key)
        client.rpush(key, b"a list")


def _empty(client: redis.Redis, page: bytes, generation: bytes) -> None:
    client.set(page, b"")


@pytest.mark.parametrize("poison", [_garbage, _forged, _another_payers, _other_types, _empty])
def test_what_stands_in_the_cache_is_never_believed(
    api: Api, cache_url: str, poison: Callable[[redis.Redis, bytes, bytes], None]
) -> None:
    api.schedule(frequency="once")
    assert amounts(api) == ["25.00"]
    with redis.Redis.from_url(cache_url) as client:
        (page,) = client.keys("payday:events:*")  # type: ignore[misc]
        api.schedule(sub="bob", frequency="once", amount="1.00")
        api.get("/v1/events", sub="bob")
        poison(client, page, generation_key("alice").encode())
        for _ in range(3):
            assert amounts(api) == ["25.00"]


def test_an_older_page_of_the_same_payer_is_not_believed_either(api: Api, cache_url: str) -> None:
    made = api.schedule(frequency="once")
    amounts(api)
    with redis.Redis.from_url(cache_url) as client:
        (page,) = client.keys("payday:events:*")  # type: ignore[misc]
        old = client.get(page)
        change(api, made["events"][0], "7.00")
        amounts(api)
        client.set(page, old)  # type: ignore[arg-type]
    assert amounts(api) == ["7.00"]


def test_what_a_caller_may_see_is_asked_each_time(api: Api) -> None:
    api.schedule(frequency="once")
    amounts(api)
    assert api.call("GET", EVENTS, sub="mallory").status_code == 403
    assert api.call("GET", EVENTS, scopes=("schedules:write",)).status_code == 403
    assert api.get("/v1/events", sub="mallory")["data"] == []
    assert len(api.get(EVENTS, sub="front", scopes=OPS)["data"]) == 1


def test_the_cache_is_told_no_names(api: Api, cache_url: str) -> None:
    api.schedule(frequency="once")
    amounts(api)
    with redis.Redis.from_url(cache_url) as client:
        keys = client.keys("*")
    assert keys
    assert not [key for key in keys if b"alice" in key]  # type: ignore[union-attr]


def test_every_filter_and_page_is_kept_by_itself(api: Api) -> None:
    api.schedule(frequency="monthly", count=3)
    whole = [event["date"] for event in api.get(EVENTS)["data"]]
    paths = [
        EVENTS,
        f"{EVENTS}&limit=1",
        f"{EVENTS}&from={whole[1]}",
        f"{EVENTS}&to={whole[0]}",
        f"{EVENTS}&status=cancelled",
        f"{EVENTS}&limit=1&cursor={api.get(f'{EVENTS}&limit=1')['nextCursor']}",
    ]
    first = [api.get(path) for path in paths]
    assert [[event["date"] for event in page["data"]] for page in first] == [
        whole,
        whole[:1],
        whole[1:],
        whole[:1],
        [],
        whole[1:2],
    ]
    behind_our_back(api, 9900)
    assert [api.get(path) for path in paths] == first
