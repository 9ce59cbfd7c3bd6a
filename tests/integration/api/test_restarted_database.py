"""PostgreSQL frozen, ended and restarted under the API as it is really run: clear 503s in time, then all is well."""

import contextlib
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
import requests

from deploy.local.postgres import Postgres
from tests.chaos.signals import children, frozen
from tests.embedded import running_postgres
from tests.integration.api.client import RENT
from tests.integration.api.served import Served

pytestmark = pytest.mark.xdist_group("restarted")
WAIT_SECONDS = 12 + 5 + 3
"""For an answer, then for a new connection, and some to spare."""
PROBE_SECONDS = 10.0
"""Sooner than a request is given up: a probe must not wait as long as that."""


@pytest.fixture(scope="module")
def postgres(server_folder: Path) -> Iterator[Postgres]:
    """A server of this file's own."""
    with running_postgres(server_folder, "restarted", durable=False) as postgres:
        yield postgres


@pytest.fixture(scope="module")
def server(postgres: Postgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    url = postgres.url("payday", "payday")
    with Served(url, tmp_path_factory.mktemp("served"), WEB_CONCURRENCY="1", LOG_LEVEL="WARNING") as served:
        yield served


class Asking:
    """Several clients that read, and write with a key each, until told to stop."""

    def __init__(self, server: Served, count: int) -> None:
        self.server = server
        self.answers: list[tuple[int, float, requests.Response]] = []
        self.made: dict[str, str] = {}
        self._done = threading.Event()
        self._threads = [threading.Thread(target=self._ask) for _ in range(count)]

    def _ask(self) -> None:
        with self.server.session() as session:
            while not self._done.is_set():
                key = uuid4().hex
                began = time.monotonic()
                answer = session.post(
                    f"{self.server.url}/v1/schedules", json=RENT, headers={"Idempotency-Key": key}, timeout=60
                )
                self.answers.append((answer.status_code, time.monotonic() - began, answer))
                if answer.status_code == 201:
                    self.made[key] = answer.json()["id"]

    def __enter__(self) -> "Asking":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        for thread in self._threads:
            thread.join()

    def statuses(self) -> set[int]:
        return {status for status, _, _ in self.answers}


def assert_clear(asking: Asking) -> None:
    """Each answer is a schedule or a 503 that says when to come back, and came in time."""
    assert asking.statuses() == {201, 503}
    for status, seconds, answer in asking.answers:
        assert seconds < WAIT_SECONDS
        if status == 503:
            assert answer.headers["Content-Type"] == "application/problem+json"
            assert answer.headers["Retry-After"] == "5"
            assert answer.json()["code"] == "unavailable"


def assert_all_is_well(server: Served, asking: Asking) -> None:
    """Without a restart; and what was answered stands."""
    server.wait_until(lambda: server.status("/readyz") == 200, 60)
    with server.session() as session:
        for key, id_ in list(asking.made.items())[-10:]:
            again = session.post(f"{server.url}/v1/schedules", json=RENT, headers={"Idempotency-Key": key}, timeout=30)
            assert (again.status_code, again.json()["id"]) == (201, id_)
            assert again.headers["Idempotent-Replayed"] == "true"
    assert server.process.poll() is None
    assert "Traceback" not in server.log


def test_an_immediate_restart_is_ridden_out(server: Served, postgres: Postgres) -> None:
    with Asking(server, 4) as asking:
        server.wait_until(lambda: 201 in asking.statuses(), 60)
        postgres.stop("immediate")
        server.wait_until(lambda: 503 in asking.statuses(), 60)
        assert server.status("/readyz") == 503
        assert server.status("/healthz") == 200
        postgres.start()
        before = len(asking.made)
        server.wait_until(lambda: len(asking.made) > before + 5, 60)
    assert_clear(asking)
    assert_all_is_well(server, asking)


@pytest.mark.all
def test_a_frozen_server_holds_requests_no_longer_than_we_wait_and_the_probes_not_at_all(
    server: Served, postgres: Postgres
) -> None:
    with Asking(server, 12) as asking:
        server.wait_until(lambda: len(asking.made) > 12, 60)
        with contextlib.closing(frozen([postgres.pid, *children(postgres.pid)])) as freezing:
            next(freezing)
            until = time.monotonic() + WAIT_SECONDS
            while 503 not in asking.statuses():
                began = time.monotonic()
                assert began < until
                assert server.status("/healthz", timeout=PROBE_SECONDS) == 200
                assert server.status("/readyz", timeout=PROBE_SECONDS) == 503
        before = len(asking.made)
        server.wait_until(lambda: len(asking.made) > before + 12, WAIT_SECONDS + 60)
    assert_clear(asking)
    assert_all_is_well(server, asking)


@pytest.mark.all
def test_a_frozen_server_makes_the_process_unready_within_seconds(server: Served, postgres: Postgres) -> None:
    server.wait_until(lambda: server.status("/readyz") == 200, 60)
    with contextlib.closing(frozen([postgres.pid, *children(postgres.pid)])) as freezing:
        next(freezing)
        assert server.status("/readyz", timeout=PROBE_SECONDS) == 503
        assert server.status("/healthz", timeout=PROBE_SECONDS) == 200
    server.wait_until(lambda: server.status("/readyz") == 200, 60)
    assert server.process.poll() is None
