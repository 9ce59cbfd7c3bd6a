"""More requests than a process can answer: the rest is told at once to come back, and what was taken is answered."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

import psycopg2
import pytest

from api_service.auth.development import make_token
from api_service.lane import WAITING_PER_THREAD
from api_service.start import CONNECTIONS
from tests.integration.api.client import RENT
from tests.integration.api.served import Served

MOST = WAITING_PER_THREAD * CONNECTIONS
BEYOND = 20


@pytest.fixture
def server(database_url: str, tmp_path: Path) -> Iterator[Served]:
    with Served(database_url, tmp_path, WEB_CONCURRENCY="1", LOG_LEVEL="WARNING") as served:
        yield served


@pytest.mark.all
def test_what_waits_too_long_anyway_is_refused_at_once(server: Served, database_url: str) -> None:
    """Threads wait for a row that is locked; behind them the others for a thread."""
    with server.session() as session, contextlib.ExitStack() as stack:
        made = session.post(f"{server.url}/v1/schedules", json=RENT, headers={"Idempotency-Key": "k"}, timeout=10)
        token = make_token("alice", ["schedules:write"])
        delete = (
            f"DELETE {made.headers['Location']} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\r\n"
        ).encode()
        other = stack.enter_context(contextlib.closing(psycopg2.connect(database_url)))
        other.cursor().execute("SELECT 1 FROM schedule FOR UPDATE")
        clients = [stack.enter_context(server.connect(timeout=30)) for _ in range(MOST + BEYOND)]
        for client in clients:
            client.sendall(delete)
        refused = 0
        for client in clients[MOST:]:
            answer = client.recv(65536)
            assert answer.startswith(b"HTTP/1.1 503 ")
            assert b"\r\nRetry-After: 5\r\n" in answer
            refused += 1
        assert refused == BEYOND
        assert server.status("/healthz") == 200
        other.rollback()
        answers = {client.recv(65536)[:13] for client in clients[:MOST]}
        # 503 where this machine took longer for all this than the database waits for a lock.
        assert b"HTTP/1.1 200 " in answers <= {b"HTTP/1.1 200 ", b"HTTP/1.1 503 "}


def test_probes_that_wait_for_the_database_refuse_nobody_else(server: Served, database_url: str) -> None:
    with server.session() as session, contextlib.ExitStack() as stack:
        other = stack.enter_context(contextlib.closing(psycopg2.connect(database_url)))
        other.cursor().execute("LOCK TABLE alembic_version")
        clients = [stack.enter_context(server.connect()) for _ in range(MOST + BEYOND)]
        for client in clients:
            client.sendall(b"GET /readyz HTTP/1.1\r\nHost: x\r\n\r\n")
        for client in clients[MOST:]:
            assert b"Too many requests wait." in client.recv(65536)
        assert session.get(f"{server.url}/v1/schedules", timeout=30).status_code == 200
        assert server.status("/healthz") == 200
        other.rollback()
        for client in clients[:WAITING_PER_THREAD]:
            assert client.recv(65536)
