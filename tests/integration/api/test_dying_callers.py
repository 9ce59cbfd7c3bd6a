"""A caller, or the process that answers it, dies in the middle; whoever repeats gets what the first request did."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from threading import Barrier

import pytest
import requests
from sqlalchemy import text

from api_service.auth.development import make_token
from tests.gates import wait_function
from tests.integration.api.client import RENT, Api
from tests.integration.api.served import Served

DEADLINE_SECONDS = 60.0
COMMIT_GATE = 4711
WAIT_AT_COMMIT = f"""
{wait_function(COMMIT_GATE)}
CREATE CONSTRAINT TRIGGER wait_here AFTER INSERT ON idempotency_key DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW EXECUTE FUNCTION wait_here();
"""


@pytest.fixture
def served(api: Api, database_url: str, tmp_path: Path) -> Iterator[Served]:
    """One process, so that it is clear which one answers."""
    with Served(database_url, tmp_path, WEB_CONCURRENCY="1") as served:
        yield served


def post(served: Served, key: str = "rent") -> requests.Response:
    with served.session() as session:
        return session.post(f"{served.url}/v1/schedules", json=RENT, headers={"Idempotency-Key": key}, timeout=60)


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def counts(api: Api) -> list[int]:
    return [api.count(table) for table in ("schedule", "audit", "idempotency_key")]


def waiters(api: Api) -> int:
    """How many transactions wait for a lock."""
    here = "(SELECT oid FROM pg_database WHERE datname = current_database())"
    return int(api.rows(f"SELECT count(*) FROM pg_locks WHERE NOT granted AND database = {here}")[0][0])


@contextmanager
def before_the_keys_row(api: Api) -> Iterator[None]:
    """Requests stop where their effect is written and their key is not."""
    with api.engine.begin() as connection:
        connection.execute(text("LOCK TABLE idempotency_key IN SHARE MODE"))
        yield


@contextmanager
def in_the_commit(api: Api) -> Iterator[None]:
    """Requests stop where all is written, and the server of the database commits it."""
    api.rows(WAIT_AT_COMMIT)
    with api.engine.begin() as connection:
        connection.execute(text("SELECT pg_advisory_xact_lock(:gate)"), {"gate": COMMIT_GATE})
        yield


def kill_the_answering_process(served: Served) -> None:
    children = Path(f"/proc/{served.process.pid}/task/{served.process.pid}/children").read_text().split()
    for child in children:
        os.kill(int(child), signal.SIGKILL)


def send_and_hang_up(served: Served, api: Api) -> None:
    """Sends a whole request, and is gone while it is worked on."""
    body = requests.Request("POST", served.url, json=RENT).prepare().body
    assert isinstance(body, bytes)
    head = (
        "POST /v1/schedules HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nIdempotency-Key: rent\r\n"
        f"Authorization: Bearer {make_token('alice', ['schedules:write'])}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    with served.connect() as connection:
        connection.sendall(head.encode() + body)
        wait_for(lambda: waiters(api) == 1)


def test_fifty_requests_at_once_with_one_key_make_one_schedule(api: Api, database_url: str, tmp_path: Path) -> None:
    together = Barrier(50)

    with Served(database_url, tmp_path) as served:

        def ask(_: int) -> requests.Response:
            together.wait()
            return post(served)

        with ThreadPoolExecutor(50) as pool:
            answers = list(pool.map(ask, range(50)))
        made = [answer for answer in answers if answer.status_code == 201]
        refused = [answer for answer in answers if answer.status_code != 201]
        assert len({answer.content for answer in made}) == 1
        assert sum("Idempotent-Replayed" not in answer.headers for answer in made) == 1
        assert {(a.status_code, a.json()["code"], a.headers["Retry-After"]) for a in refused} <= {
            (409, "idempotency_in_flight", "1")
        }
        assert counts(api) == [1, 1, 1]
        again = post(served)
    assert (again.content, again.headers["Idempotent-Replayed"]) == (made[0].content, "true")
    assert (again.headers["Location"], again.headers["ETag"]) == (made[0].headers["Location"], '"v1"')


@pytest.mark.parametrize("stop", [before_the_keys_row, in_the_commit])
def test_a_caller_that_hung_up_gets_the_first_answer_when_it_repeats(
    api: Api, served: Served, stop: Callable[[Api], AbstractContextManager[None]]
) -> None:
    with stop(api):
        send_and_hang_up(served, api)
        during = post(served)
        assert (during.status_code, during.json()["code"]) == (409, "idempotency_in_flight")
        assert counts(api) == [0, 0, 0]
    wait_for(lambda: counts(api) == [1, 1, 1])
    again = post(served)
    assert (again.status_code, again.headers["Idempotent-Replayed"]) == (201, "true")
    assert again.json()["id"] == api.get("/v1/schedules")["data"][0]["id"]
    assert counts(api) == [1, 1, 1]


def test_a_process_that_dies_between_effect_and_key_leaves_neither(api: Api, served: Served) -> None:
    with ThreadPoolExecutor(1) as pool, before_the_keys_row(api):
        first = pool.submit(post, served)
        wait_for(lambda: waiters(api) == 1)
        kill_the_answering_process(served)
        assert isinstance(first.exception(), requests.ConnectionError)
        served.wait_until(lambda: served.status("/readyz") == 200, DEADLINE_SECONDS)
        during = post(served)
        assert (during.status_code, during.json()["code"]) == (409, "idempotency_in_flight")
    wait_for(lambda: waiters(api) == 0)
    again = post(served)
    while again.status_code == 409:  # until the database has seen that nobody is there any more
        again = post(served)
    assert (again.status_code, again.headers.get("Idempotent-Replayed")) == (201, None)
    assert counts(api) == [1, 1, 1]


def test_a_process_that_dies_in_the_commit_leaves_both_and_its_caller_gets_the_answer(api: Api, served: Served) -> None:
    with ThreadPoolExecutor(1) as pool, in_the_commit(api):
        first = pool.submit(post, served)
        wait_for(lambda: waiters(api) == 1)
        kill_the_answering_process(served)
        assert isinstance(first.exception(), requests.ConnectionError)
    wait_for(lambda: counts(api) == [1, 1, 1])
    served.wait_until(lambda: served.status("/readyz") == 200, DEADLINE_SECONDS)
    again = post(served)
    assert (again.status_code, again.headers["Idempotent-Replayed"]) == (201, "true")
    assert again.json()["id"] == api.get("/v1/schedules")["data"][0]["id"]
    assert counts(api) == [1, 1, 1]
