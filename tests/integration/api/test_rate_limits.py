"""How often one may ask: by the payer acted for, and by the front end or operator that asks."""

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import redis
from werkzeug.test import TestResponse

from api_service import counters
from deploy.local.valkey import Valkey
from tests.embedded import running_valkey
from tests.integration.api.client import BOTH, RENT, Api, assert_problem

TIMEOUT_SECONDS = counters.TIMEOUT_SECONDS
FRONT_END = (*BOTH, "payers:any")


@pytest.fixture
def limited(database_url: str) -> Iterator[Callable[..., Api]]:
    """Makes APIs on one database."""
    made: list[Api] = []

    def make(**environment: str) -> Api:
        made.append(Api(database_url, **environment))
        return made[-1]

    yield make
    for api in made:
        api.close()


@pytest.fixture(scope="module")
def counting_server(server_folder: Path) -> Iterator[Valkey]:
    """A cache server of this file's own, which its tests kill and freeze."""
    with running_valkey(server_folder, "counting", "allkeys-lru", "32mb") as server:
        yield server


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that a busy machine keeps waiting is not taken for one that is down."""
    monkeypatch.setattr(counters, "TIMEOUT_SECONDS", 60.0)


def statuses(api: Api, times: int, **request: object) -> list[int]:
    return [api.call("GET", "/v1/schedules", **request).status_code for _ in range(times)]  # type: ignore[arg-type]


def assert_too_many(response: TestResponse) -> int:
    """Seconds until the next request is answered, as the refusal says."""
    assert_problem(response, 429, "rate_limited")
    seconds = int(response.headers["Retry-After"])
    assert seconds >= 1
    return seconds


def test_a_payer_is_refused_above_its_rate_and_others_are_not(limited: Callable[..., Api]) -> None:
    api = limited(RATE_LIMIT_PAYER="3/hour")
    assert statuses(api, 5) == [200, 200, 200, 429, 429]
    assert 3540 <= assert_too_many(api.call("GET", "/v1/events")) <= 3601
    assert statuses(api, 1, sub="bob") == [200]


def test_whoever_comes_back_when_told_to_is_answered(limited: Callable[..., Api]) -> None:
    api = limited(RATE_LIMIT_PAYER="2/second")
    refused = next(r for r in (api.call("GET", "/v1/schedules") for _ in range(100)) if r.status_code == 429)
    threading.Event().wait(assert_too_many(refused))
    assert statuses(api, 1) == [200]


def test_what_is_refused_has_no_effect(limited: Callable[..., Api]) -> None:
    api = limited(RATE_LIMIT_PAYER="1/hour")
    api.schedule()
    assert_too_many(api.call("POST", "/v1/schedules", json=RENT))
    assert api.count("schedule") == 1


def test_a_payer_counts_the_same_whoever_acts_for_it(limited: Callable[..., Api]) -> None:
    api = limited(RATE_LIMIT_PAYER="2/hour")
    by_query = api.call("GET", "/v1/events?payerId=alice", sub="front", scopes=FRONT_END)
    by_body = api.call("POST", "/v1/schedules", sub="front", scopes=FRONT_END, json={**RENT, "payerId": "alice"})
    assert (by_query.status_code, by_body.status_code) == (200, 201)
    assert_too_many(api.call("GET", "/v1/events"))
    assert_too_many(api.call("GET", "/v1/events?payerId=alice", sub="front", scopes=FRONT_END))
    assert statuses(api, 1, sub="front", scopes=FRONT_END) == [200]
    assert api.call("GET", "/v1/events?payerId=bob", sub="front", scopes=FRONT_END).status_code == 200


@pytest.mark.parametrize("scopes", [FRONT_END, ("ops",)])
def test_a_front_end_and_an_operator_have_a_rate_of_their_own(
    limited: Callable[..., Api], scopes: tuple[str, ...]
) -> None:
    api = limited(RATE_LIMIT_PAYER="1/hour", RATE_LIMIT_TRUSTED="4/hour")
    assert statuses(api, 5, sub="front", scopes=scopes) == [200, 200, 200, 200, 429]
    assert statuses(api, 1, sub="other", scopes=scopes) == [200]


def test_what_a_front_end_sends_malformed_counts_as_well(limited: Callable[..., Api]) -> None:
    api = limited(RATE_LIMIT_TRUSTED="2/hour")
    malformed = {"sub": "front", "scopes": FRONT_END, "data": b"{", "content_type": "application/json"}
    answers = [api.call("POST", "/v1/schedules", **malformed) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [400, 400, 429]


@pytest.mark.parametrize("scopes", [BOTH, FRONT_END])
def test_a_call_that_needs_no_body_needs_none_of_whoever_is_counted(
    limited: Callable[..., Api], scopes: tuple[str, ...]
) -> None:
    api = limited()
    event = f"/v1/events/{api.schedule()['events'][0]['id']}"
    api.call("DELETE", event)
    empty = {"scopes": scopes, "data": b"", "content_type": "application/json"}
    assert api.call("POST", f"{event}/restore", **empty).status_code == 200
    assert_problem(api.call("POST", f"{event}/retry", **empty), 409, "event_not_failed")
    assert_problem(api.call("POST", "/v1/schedules", **empty), 400, "malformed_json")


def test_an_operator_who_looks_at_a_payer_uses_up_nothing_of_it(limited: Callable[..., Api]) -> None:
    api = limited(RATE_LIMIT_PAYER="1/hour")
    for _ in range(3):
        assert api.call("GET", "/v1/events?payerId=alice", sub="op", scopes=("ops",)).status_code == 200
    assert statuses(api, 1) == [200]


def test_payers_with_separators_in_their_names_are_told_apart(limited: Callable[..., Api]) -> None:
    api = limited(RATE_LIMIT_PAYER="1/hour")
    assert [statuses(api, 1, sub=sub) for sub in ("a/b", "a", "b", "a/b/payer")] == [[200]] * 4


def test_who_has_no_token_is_not_counted(limited: Callable[..., Api]) -> None:
    api = limited(RATE_LIMIT_PAYER="1/hour", RATE_LIMIT_TRUSTED="1/hour")
    assert statuses(api, 3, sub=None) == [401] * 3
    assert {api.call("GET", path, sub=None).status_code for path in ("/healthz", "/readyz", "/openapi.json")} == {200}


def test_another_payers_id_is_refused_and_not_counted_against_that_payer(limited: Callable[..., Api]) -> None:
    api = limited(RATE_LIMIT_PAYER="1/hour")
    assert_problem(api.call("GET", "/v1/events?payerId=bob"), 403, "payer_not_allowed")
    assert statuses(api, 1, sub="bob") == [200]


def test_zero_is_no_limit(limited: Callable[..., Api]) -> None:
    api = limited(RATE_LIMIT_PAYER="0", RATE_LIMIT_TRUSTED="0")
    assert statuses(api, 3) + statuses(api, 3, sub="front", scopes=FRONT_END) == [200] * 6


def test_processes_with_a_cache_server_count_together_and_it_learns_no_names(
    limited: Callable[..., Api], counting_server: Valkey
) -> None:
    first, second = (limited(RATE_LIMIT_PAYER="3/hour", CACHE_URL=counting_server.url) for _ in range(2))
    assert statuses(first, 2, sub="canary-1") + statuses(second, 2, sub="canary-1") == [200, 200, 200, 429]
    assert 3540 <= assert_too_many(first.call("GET", "/v1/events", sub="canary-1")) <= 3602
    with redis.Redis.from_url(counting_server.url) as client:
        assert not any(b"canary" in key for key in client.scan_iter())


def test_while_the_cache_server_is_away_each_process_counts_alone(
    limited: Callable[..., Api], counting_server: Valkey, capsys: pytest.CaptureFixture[str]
) -> None:
    api = limited(RATE_LIMIT_PAYER="2/hour", CACHE_URL=counting_server.url)
    assert statuses(api, 3, sub="bob") == [200, 200, 429]
    counting_server.kill()
    try:
        assert statuses(api, 3, sub="carol") == [200, 200, 429]
        assert_too_many(api.call("GET", "/v1/events", sub="carol"))
    finally:
        counting_server.start()
    deadline = time.monotonic() + 60
    while (answered := statuses(api, 1, sub="carol")) != [200] and time.monotonic() < deadline:
        threading.Event().wait(0.1)
    assert answered == [200]  # the server, which counts again, has not heard of her
    assert "carol" not in "".join(capsys.readouterr())


def test_a_cache_server_that_is_frozen_holds_nobody(
    limited: Callable[..., Api], counting_server: Valkey, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(counters, "TIMEOUT_SECONDS", TIMEOUT_SECONDS)
    api = limited(RATE_LIMIT_PAYER="2/hour", CACHE_URL=counting_server.url)
    assert statuses(api, 1, sub="dave") == [200]
    os.kill(counting_server.pid, signal.SIGSTOP)
    try:
        began = time.monotonic()
        assert statuses(api, 3, sub="erin") == [200, 200, 429]
        assert time.monotonic() - began < 30  # it would be held for ever
    finally:
        os.kill(counting_server.pid, signal.SIGCONT)
