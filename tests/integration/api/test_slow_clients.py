"""Clients that send or read slowly, or say nothing, keep no thread from others."""

import contextlib
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from api_service.auth.development import make_token
from tests.embedded import DatabaseServer
from tests.integration.api.client import RENT
from tests.integration.api.served import Served

pytestmark = pytest.mark.xdist_group("slow clients")

SLOW = 50
ENOUGH_SECONDS = 10.0
"""For ten requests and their probes: who waits for a slow client waits until that is given up."""
TOKEN = make_token("alice", ["schedules:read", "schedules:write"]).encode()
POST = (
    b"POST /v1/schedules HTTP/1.1\r\nHost: x\r\nIdempotency-Key: k\r\nContent-Type: application/json\r\n"
    b"Authorization: Bearer " + TOKEN + b"\r\n"
)
BEGINNINGS = (
    b"",
    b"G",
    b"GET /healthz HTTP/1.1\r\nX-Slow: ",
    POST + b"Content-Length: 500\r\n\r\n{",
    POST + b"Transfer-Encoding: chunked\r\n\r\nf0\r\n{",
)


@pytest.fixture(scope="module")
def server(
    postgres_server: DatabaseServer, template_database: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Served]:
    """One process: eight threads."""
    name = postgres_server.create(template_database)
    with Served(postgres_server.url(name), tmp_path_factory.mktemp("served"), WEB_CONCURRENCY="1") as served:
        yield served
    postgres_server.drop(name)


@pytest.fixture
def slow(server: Served) -> Iterator[list[socket.socket]]:
    """Clients each of which has sent a beginning, and goes on by the byte."""
    with contextlib.ExitStack() as stack:
        clients = [stack.enter_context(server.connect()) for _ in range(SLOW)]
        for number, client in enumerate(clients):
            client.sendall(BEGINNINGS[number % len(BEGINNINGS)])
        done = threading.Event()

        def drip() -> None:
            while not done.wait(0.2):
                for number, client in enumerate(clients):
                    if BEGINNINGS[number % len(BEGINNINGS)]:
                        with contextlib.suppress(OSError):
                            client.send(b"x")

        dripping = threading.Thread(target=drip)
        dripping.start()
        stack.callback(dripping.join)
        stack.callback(done.set)
        yield clients


def assert_served(server: Served, times: int = 30) -> None:
    began = time.monotonic()
    with server.session() as session:
        for number in range(times):
            made = session.post(
                f"{server.url}/v1/schedules", json=RENT, timeout=30, headers={"Idempotency-Key": f"{began}-{number}"}
            )
            assert made.status_code == 201
            assert requests.get(f"{server.url}/readyz", timeout=30).status_code == 200
    assert time.monotonic() - began < ENOUGH_SECONDS * times / 10


def test_fifty_slow_clients_keep_nobody_else_waiting(server: Served, slow: list[socket.socket]) -> None:
    assert_served(server, times=10)


def test_fifty_clients_that_do_not_close_keep_nobody_else_waiting(server: Served) -> None:
    """Each asked to be the last on its connection, or sent a body that is not read, and stays."""
    with contextlib.ExitStack() as stack:
        for number in range(SLOW):
            client = stack.enter_context(server.connect())
            if number % 2:
                client.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            else:
                client.sendall(POST + b"Content-Length: 70000\r\n\r\n{")
        assert_served(server, times=10)


@pytest.fixture
def not_reading(server: Served) -> Iterator[list[socket.socket]]:
    """Clients that ask for far more than a connection holds, and take nothing of it."""
    with contextlib.ExitStack() as stack:
        clients = []
        for _ in range(SLOW):
            client = stack.enter_context(socket.socket())
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
            client.settimeout(60)
            client.connect(("127.0.0.1", server.port))
            client.sendall(b"GET /openapi.json HTTP/1.1\r\nHost: x\r\n\r\n" * 200)
            clients.append(client)
        yield clients


def test_fifty_clients_that_do_not_read_keep_nobody_else_waiting(
    server: Served, not_reading: list[socket.socket]
) -> None:
    assert_served(server, times=10)
    client = not_reading[0]
    with client.makefile("rb") as answers:  # and one that reads after all gets all
        for _ in range(20):
            assert answers.readline() == b"HTTP/1.1 200 OK\r\n"
            lines = list(iter(answers.readline, b"\r\n"))
            length = next(int(line.partition(b":")[2]) for line in lines if line.startswith(b"Content-Length:"))
            assert answers.read(length).startswith(b"{")


@pytest.mark.all
def test_an_answer_that_is_not_taken_is_dropped(server: Served, not_reading: list[socket.socket]) -> None:
    before = connections(server)
    server.wait_until(lambda: connections(server) <= before - SLOW, 90)
    assert_served(server, times=10)


def connections(server: Served) -> int:
    """How many the server's processes have, as their kernel says."""
    lines = Path("/proc/net/tcp").read_text().splitlines()[1:]
    ours = f":{server.port:04X}"
    return sum(fields[1].endswith(ours) and fields[3] == "01" for fields in map(str.split, lines))


@pytest.mark.all
def test_a_request_that_does_not_arrive_is_given_up(server: Served, slow: list[socket.socket]) -> None:
    for number, client in enumerate(slow):
        if not BEGINNINGS[number % len(BEGINNINGS)]:
            continue
        client.settimeout(60)
        with client.makefile("rb") as answer:
            said = answer.read()
        assert said.startswith(b"HTTP/1.1 408 ")
        assert b'"code": "request_timeout"' in said
    assert_served(server)


def test_idle_clients_make_room_for_others_and_those_that_ask_stay(database_url: str, tmp_path: Path) -> None:
    with (
        Served(database_url, tmp_path, WEB_CONCURRENCY="1", GUNICORN_CMD_ARGS="--worker-connections 40") as served,
        contextlib.ExitStack() as stack,
        served.session() as session,
    ):
        for _ in range(60):
            stack.enter_context(served.connect())
            assert session.get(f"{served.url}/v1/schedules", timeout=30).status_code == 200
        assert requests.get(f"{served.url}/readyz", timeout=30).status_code == 200
        served.wait_until(lambda: connections(served) < 40, 60)


def test_slow_clients_make_room_for_others(database_url: str, tmp_path: Path) -> None:
    with (
        Served(database_url, tmp_path, WEB_CONCURRENCY="1", GUNICORN_CMD_ARGS="--worker-connections 40") as served,
        contextlib.ExitStack() as stack,
    ):
        for number in range(36):
            stack.enter_context(served.connect()).sendall(BEGINNINGS[1 + number % 4])
        served.wait_until(lambda: connections(served) >= 36, 60)
        for _ in range(10):
            assert requests.get(f"{served.url}/healthz", timeout=30).status_code == 200


def test_requests_sent_ahead_are_answered_in_turn(server: Served) -> None:
    get = b"GET /v1/schedules?limit=1 HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + TOKEN + b"\r\n"
    chunked = POST + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n"
    sent = get + b"\r\n" + chunked + POST + b"Content-Length: 2\r\n\r\n[]" + get + b"Connection: close\r\n\r\n"
    for step in (len(sent), 700, 50):
        with server.connect() as client:
            for at in range(0, len(sent), step):
                client.sendall(sent[at : at + step])
            with client.makefile("rb") as answers:
                said = answers.read()
        statuses = [int(part[:3]) for part in said.split(b"HTTP/1.1 ")[1:]]
        assert statuses == [200, 422, 422, 200], step


def test_what_follows_a_body_that_is_too_large_is_no_request(server: Served) -> None:
    smuggled = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
    for length in (70_000, len(smuggled) + 65_536):
        with server.connect() as client:
            client.sendall(POST + b"Content-Length: %d\r\n\r\n" % length + smuggled)
            with client.makefile("rb") as answers:
                said = answers.read()
        assert said.count(b"HTTP/1.1 ") == 1
        assert said.startswith(b"HTTP/1.1 413 ")
        assert b"Connection: close" in said


def test_a_body_whose_length_is_written_oddly_is_no_request_either(server: Served) -> None:
    smuggled = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
    with server.connect() as client, client.makefile("rb") as answers:
        client.sendall(POST + b"Content-Length: %025d\r\n\r\n" % len(smuggled))
        assert answers.readline().startswith(b"HTTP/1.1 4")
        with contextlib.suppress(ConnectionError):
            client.sendall(smuggled)
        assert b"HTTP/1.1 " not in answers.read()


def test_an_expectation_that_is_not_met_is_refused_before_the_body(server: Served) -> None:
    with server.connect() as client, client.makefile("rb") as answer:
        client.sendall(POST + b"Expect: miracles\r\nContent-Length: 2\r\n\r\n")
        assert answer.read().startswith(b"HTTP/1.1 417 ")


def test_a_client_that_waits_for_the_word_to_send_gets_it(server: Served) -> None:
    with server.connect() as client:
        client.sendall(POST + b"Expect: 100-continue\r\nContent-Length: 2\r\nConnection: close\r\n\r\n")
        assert client.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        client.sendall(b"{}")
        with client.makefile("rb") as answer:
            said = answer.read()
    assert said.startswith(b"HTTP/1.1 422 ")
    assert b"100 Continue" not in said
