"""The API as it is really run: gunicorn with our settings, over HTTP."""

import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from api_service.auth.development import make_token
from api_service.json_body import MAX_BODY_BYTES
from tests.integration.api.client import RENT
from tests.integration.api.served import COMMAND, ROOT, START_SECONDS, Served, environment


@pytest.fixture
def server(database_url: str, tmp_path: Path) -> Iterator[Served]:
    """A server with two processes."""
    with Served(database_url, tmp_path) as served:
        yield served


def test_requests_over_http_create_and_read_a_schedule(server: Served) -> None:
    url = server.url
    with requests.Session() as session:
        session.headers["Authorization"] = f"Bearer {make_token('alice', ['schedules:read', 'schedules:write'])}"
        made = session.post(f"{url}/v1/schedules", json=RENT, headers={"Idempotency-Key": "rent"}, timeout=30)
        assert made.status_code == 201
        assert made.headers["Server"] == "gunicorn"  # and no version
        for _ in range(6):  # both processes answer, each with connections of its own
            read = session.get(f"{url}{made.headers['Location']}", timeout=30, headers={"Connection": "close"})
            assert read.json()["description"] == made.json()["description"]
        for data, status in (
            (b" " * MAX_BODY_BYTES, 400),
            (b" " * (MAX_BODY_BYTES + 1), 413),
            (iter([b" " * 40_000, b" " * (MAX_BODY_BYTES - 40_000)]), 400),
            (iter([b" " * 40_000, b" " * (MAX_BODY_BYTES - 39_999)]), 413),
            (iter([b" " * 40_000, b" " * 40_000]), 413),
        ):
            headers = {"Idempotency-Key": "large", "Content-Type": "application/json"}
            blank = session.post(f"{url}/v1/schedules", data=data, headers=headers, timeout=30)
            assert blank.status_code == status
            assert blank.headers["Content-Type"] == "application/problem+json"
    assert server.stop() == 0
    lines = server.log
    assert '"route": "/v1/schedules/<uuid:schedule_id>"' in lines
    assert "alice" not in lines
    assert "landlord-9" not in lines


def test_what_is_no_request_is_answered_with_a_problem_and_logged_without_its_words(server: Served) -> None:
    url = server.url
    posted = (
        b"POST /v1/schedules HTTP/1.1\r\nHost: x\r\nIdempotency-Key: k\r\nContent-Type: application/json\r\n"
        b"Authorization: Bearer " + make_token("alice", ["schedules:write"]).encode() + b"\r\n"
    )
    for request, status, code in (
        (b"GET /v1/events?cursor=" + b"a" * 9000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", 414, "uri_too_long"),
        (b"GET / HTTP/1.1\r\nHost: x\r\nX-Long: " + b"a" * 9000 + b"\r\n\r\n", 431, "headers_too_large"),
        (b"get /v1/events?payerId=canary HTTP/1.1\r\nHost: x\r\n\r\n", 400, "malformed_request"),
        (b"GET /v1/events?payerId=canary HTTP/9.9\r\nHost: x\r\n\r\n", 400, "malformed_request"),
        (b"\x00\x01\r\n\r\n", 400, "malformed_request"),
        (posted + b"Content-Length: -1\r\n\r\n", 400, "malformed_request"),
        (posted + b"Expect: miracles\r\nContent-Length: 2\r\n\r\n{}", 417, "expectation_failed"),
        (posted + b"Transfer-Encoding: chunked\r\nConnection: close\r\n\r\nzz\r\n", 400, "malformed_json"),
    ):
        head, problem = exchange(url, request)
        assert head.startswith(f"HTTP/1.1 {status} "), request
        assert "Content-Type: application/problem+json" in head
        assert "X-Content-Type-Options: nosniff" in head
        assert (problem["status"], problem["code"]) == (status, code)
        assert f"X-Request-Id: {problem['requestId']}" in head
    assert requests.get(f"{url}/healthz", timeout=60).status_code == 200
    server.wait_until(lambda: "request refused by the server" in server.log, 60)
    assert "canary" not in server.log
    assert "Traceback" not in server.log


def exchange(url: str, request: bytes) -> tuple[str, dict[str, Any]]:
    """The head and the JSON of the answer to these bytes; the server ends the connection."""
    with socket.create_connection(("127.0.0.1", int(url.rpartition(":")[2])), timeout=60) as connection:
        connection.sendall(request)
        with connection.makefile("rb") as answer:
            head, _, body = answer.read().partition(b"\r\n\r\n")
    return head.decode("latin-1"), json.loads(body)


@pytest.mark.parametrize(
    ("changes", "status", "said"),
    [
        ({}, 2, ["DATABASE_URL", "payday services"]),
        (
            {"CUTOFF_AT": "x", "WEB_CONCURRENCY": "0", "PORT": "-1"},
            2,
            ["DATABASE_URL", "CUTOFF_AT", "WEB_CONC", "PORT"],
        ),
        ({"DATABASE_URL": "mysql://x"}, 2, ["DATABASE_URL", "postgresql://"]),
        ({"DATABASE_URL": "postgresql://me:secret@127.0.0.1:1/x"}, 1, ["DATABASE_URL", "127.0.0.1"]),
        ({"APP_ENV": "production", "DATABASE_URL": "postgresql://x"}, 2, ["SECRET_KEY", "OIDC_ISSUER"]),
    ],
)
def test_a_start_that_cannot_be_says_why_without_a_traceback(
    changes: dict[str, str], status: int, said: list[str]
) -> None:
    ended = subprocess.run(
        COMMAND,
        cwd=ROOT,
        env=environment(**changes),
        capture_output=True,
        text=True,
        timeout=START_SECONDS,
        check=False,
    )
    assert ended.returncode == status
    assert "Traceback" not in ended.stderr
    assert "secret" not in ended.stderr
    for word in said:
        assert word in ended.stderr


@pytest.mark.all
def test_a_key_file_that_cannot_be_read_stops_the_start(database_url: str, tmp_path: Path) -> None:
    for content in (None, b"", b"{}", b'{"keys": []}', b"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"):
        path = tmp_path / "key"
        if content is not None:
            path.write_bytes(content)
        ended = subprocess.run(
            [sys.executable, "-c", "import api_service.wsgi"],
            cwd=ROOT,
            env=environment(DATABASE_URL=database_url, OIDC_PUBLIC_KEY_FILE=str(path)),
            capture_output=True,
            text=True,
            timeout=START_SECONDS,
            check=False,
        )
        assert ended.returncode == 2, ended.stderr
        assert "OIDC_PUBLIC_KEY_FILE" in ended.stderr
        assert "Traceback" not in ended.stderr


def test_a_process_has_as_many_connections_as_threads() -> None:
    from api_service.start import CONNECTIONS

    assert f"threads = {CONNECTIONS}  #" in (ROOT / "deploy/gunicorn.conf.py").read_text()
