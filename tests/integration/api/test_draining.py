"""A process that is told to stop says so first, answers what it has, and leaves nothing half done."""

import contextlib
import json
import os
import signal
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import psycopg2
import pytest

from api_service.auth.development import make_token
from tests.integration.api.client import RENT
from tests.integration.api.served import ROOT, Served

TOKEN = make_token("alice", ["schedules:read", "schedules:write"])
CLIENTS = 6


@pytest.fixture
def server(database_url: str, tmp_path: Path) -> Iterator[Served]:
    with Served(database_url, tmp_path, DRAIN_SECONDS="2") as served:
        yield served


@pytest.fixture
def slow_to_go(database_url: str, tmp_path: Path) -> Iterator[Served]:
    """One that can be looked at in peace while it drains."""
    with Served(database_url, tmp_path, DRAIN_SECONDS="5") as served:
        yield served


def post(key: str) -> bytes:
    body = json.dumps(RENT).encode()
    head = (
        f"POST /v1/schedules HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {TOKEN}\r\nIdempotency-Key: {key}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


class Client(threading.Thread):
    """Posts one schedule after another on connections that are kept, until nobody listens any more."""

    def __init__(self, server: Served) -> None:
        super().__init__()
        self.server = server
        self.answered: list[tuple[int, bool]] = []  # the status, and whether the connection closes
        self.unanswered = 0
        self.broken: list[bytes] = []

    def run(self) -> None:
        while True:
            try:
                connection = self.server.connect(timeout=30)
            except OSError:
                return
            with connection:
                while self.ask(connection):
                    pass

    def ask(self, connection: socket.socket) -> bool:
        """Whether the connection can be used again."""
        said = b""
        try:
            connection.sendall(post(uuid4().hex))
            while not is_whole(said):
                received = connection.recv(65536)
                if not received:
                    break
                said += received
        except ConnectionError:
            pass
        if not said:
            self.unanswered += 1
            return False
        if not is_whole(said):
            self.broken.append(said)
            return False
        closes = b"\r\nConnection: close\r\n" in said
        self.answered.append((int(said[9:12]), closes))
        return not closes


def is_whole(answer: bytes) -> bool:
    head, end, body = answer.partition(b"\r\n\r\n")
    lengths = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
    return bool(end) and len(body) == int(lengths[0].partition(b":")[2])


def count_schedules(database_url: str) -> int:
    connection = psycopg2.connect(database_url)
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM schedule")
            return int(cursor.fetchone()[0])  # type: ignore[index]
    finally:
        connection.close()


def test_under_load_a_stop_loses_no_request_and_halves_no_answer(server: Served, database_url: str) -> None:
    clients = [Client(server) for _ in range(CLIENTS)]
    for client in clients:
        client.start()
    server.wait_until(lambda: sum(len(client.answered) for client in clients) > 20, 60)
    began = time.monotonic()
    status = server.stop()
    assert status == 0, server.log
    assert time.monotonic() - began < 30
    for client in clients:
        client.join()
    answered = [answer for client in clients for answer in client.answered]
    assert [client.broken for client in clients] == [[]] * CLIENTS
    assert {status for status, _ in answered} == {201}
    assert any(closes for _, closes in answered)
    assert count_schedules(database_url) == len(answered)
    # A request that meets the closing itself is let go before any byte of an answer, and had no effect.
    assert sum(client.unanswered for client in clients) <= CLIENTS


def test_readyz_turns_red_while_requests_are_still_answered(slow_to_go: Served) -> None:
    server = slow_to_go
    server.process.send_signal(signal.SIGTERM)
    # Of both processes, which are told one after the other.
    server.wait_until(lambda: all(server.status("/readyz") == 503 for _ in range(8)), 4.5)
    with server.session() as session:
        answer = session.get(f"{server.url}/v1/schedules", timeout=30)
        assert answer.status_code == 200
        assert answer.headers["Connection"] == "close"
    assert server.status("/healthz") == 200
    server.process.send_signal(signal.SIGTERM)  # again, as to a whole group: changes nothing
    assert server.status("/readyz") == 503
    assert server.process.wait(60) == 0
    assert server.status("/healthz") is None


def test_when_the_master_is_killed_another_can_take_the_port_at_once(
    server: Served, database_url: str, tmp_path: Path
) -> None:
    """Its workers are asked on and on, over connections that are kept."""
    (again := tmp_path / "again").mkdir()
    asking = [server.connect() for _ in range(CLIENTS)]
    done = threading.Event()

    def keep_asking(connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):
            connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
            while connection.recv(65536) and not done.wait(0.1):
                connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")

    clients = [threading.Thread(target=keep_asking, args=[connection]) for connection in asking]
    for client in clients:
        client.start()
    try:
        server.process.kill()
        server.process.wait()
        with Served(database_url, again, PORT=str(server.port)) as other:
            other.wait_until(lambda: "Listening at" in other.log, 60)  # gunicorn tries for five seconds
            assert other.status("/readyz") == 200
    finally:
        done.set()
        for client in clients:
            client.join()
        with contextlib.suppress(ProcessLookupError):
            os.killpg(server.process.pid, signal.SIGKILL)


@pytest.mark.all
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGQUIT])
def test_a_request_that_waits_for_the_database_is_answered_before_the_end(
    server: Served, database_url: str, number: signal.Signals
) -> None:
    """Its row is locked until after the signal."""
    with server.session() as session:
        made = session.post(f"{server.url}/v1/schedules", json=RENT, headers={"Idempotency-Key": "k"}, timeout=10)
        other = psycopg2.connect(database_url)
        with other.cursor() as cursor:
            cursor.execute("SELECT 1 FROM schedule FOR UPDATE")
            statuses: list[int] = []
            address = server.url + made.headers["Location"]
            waiting = threading.Thread(target=lambda: statuses.append(session.delete(address, timeout=20).status_code))
            waiting.start()
            server.wait_until(lambda: is_waiting(database_url), 60)
            server.process.send_signal(number)
            server.wait_until(lambda: server.status("/readyz", timeout=2) != 200, 60)
        other.rollback()
        other.close()
        waiting.join()
    assert statuses == [200]
    assert server.process.wait(60) == 0


def is_waiting(database_url: str) -> bool:
    connection = psycopg2.connect(database_url)
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'")
            return bool(cursor.fetchone()[0])  # type: ignore[index]
    finally:
        connection.close()


FORKED = """
ours = post_fork

def post_fork(server, worker):
    ours(server, worker)
    if worker.age == 1:
        os.kill(os.getpid(), signal.SIGTERM)
"""
"""Before it has handlers of its own, when a signal still goes where the master's go."""
LOADED = """
loaded = Worker.load_wsgi

def load_wsgi(worker):
    loaded(worker)
    if worker.age == 1:
        os.kill(os.getpid(), signal.SIGTERM)

Worker.load_wsgi = load_wsgi
"""
"""Its own handlers are there by then, and what it has loaded is no longer what it serves."""


@pytest.mark.parametrize("moment", [FORKED, LOADED], ids=["forked", "loaded"])
def test_a_process_that_is_told_while_it_starts_stops_too(database_url: str, tmp_path: Path, moment: str) -> None:
    settings = tmp_path / "gunicorn.conf.py"
    settings.write_text(f"""
import os, signal
from gunicorn.workers.base import Worker
exec(open("{ROOT / "deploy/gunicorn.conf.py"}").read())
{moment}""")
    with Served(database_url, tmp_path, settings=str(settings), DRAIN_SECONDS="0") as server:
        server.wait_until(lambda: server.log.count("Worker exiting") == 1, 60)
        server.wait_until(lambda: server.log.count("Booting worker") == 3, 60)
        assert "Exception in worker process" not in server.log
        assert server.stop() == 0
