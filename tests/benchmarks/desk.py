"""The API as it is run in production beside a bare app, on the same durable servers, and the callers of both."""

from __future__ import annotations

import json
import os
import sys
import tempfile
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from api_service.auth.development import ISSUER, KEY_FILE, make_token
from deploy.local.ports import free_port
from deploy.local.processes import ChildProcess
from deploy.local.servers import LocalServers
from shared.db import migrate
from tests.benchmarks.load import FRESH, ROOT

PROCESSES, THREADS = 2, 8
"""Of both apps; those of deploy/gunicorn.conf.py."""
START_SECONDS = 60.0
PAYERS = 50
SCOPES = ("schedules:read", "schedules:write")
TOKENS = tuple(make_token(f"payer-{number}", SCOPES) for number in range(PAYERS))
BODY = json.dumps(
    {
        "payeeId": "landlord-9",
        "amount": "25.00",
        "currency": "GBP",
        "startDate": f"{datetime.now(UTC) + timedelta(days=62):%Y-%m-01}",
        "frequency": "monthly",
    }
)


@dataclass(frozen=True)
class Desk:
    """One installation: its servers' addresses, and a folder for logs."""

    folder: Path
    environment: Mapping[str, str]


@contextmanager
def desk(settings: Mapping[str, str] | None = None) -> Iterator[Desk]:
    """New durable servers with an empty, migrated database; `settings` are PostgreSQL's."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="payday-bench-")))
        folder.chmod(0o755)  # the servers' account passes through
        servers = stack.enter_context(LocalServers(folder / "servers", {}, settings=settings))
        migrate.upgrade(servers.environment()["DATABASE_URL"])
        yield Desk(folder, servers.environment())


@contextmanager
def payday_api(folder: Path, environment: Mapping[str, str]) -> Iterator[int]:
    """The API under gunicorn with the settings it is deployed with; its port."""
    port = free_port()
    variables = {"WEB_CONCURRENCY": str(PROCESSES), "LOG_FORMAT": "json", **environment, "PORT": str(port)}
    command = ["-c", "deploy/gunicorn.conf.py", "api_service.wsgi:app"]
    with _gunicorn(folder / f"api-{port}.log", command, variables, port, "/readyz"):
        yield port


@contextmanager
def bare_api(desk: Desk, page: bytes = b"{}") -> Iterator[int]:
    """The bare app under gunicorn with as many processes and threads; its port. `page` is what it answers unasked."""
    port, page_file = free_port(), desk.folder / "page.json"
    page_file.write_bytes(page)
    variables = {
        **desk.environment,
        "BARE_KEY_FILE": str(KEY_FILE),
        "BARE_ISSUER": ISSUER,
        "BARE_PAGE_FILE": str(page_file),
    }
    command = ["--workers", str(PROCESSES), "--threads", str(THREADS), "--worker-class", "gthread"]
    command += ["--keep-alive", "75", "--bind", f"127.0.0.1:{port}", "tests.benchmarks.bare.flask_app:app"]
    with _gunicorn(desk.folder / f"bare-{port}.log", command, variables, port, "/healthz"):
        yield port


def get(path: str) -> list[str]:
    """A GET of each payer."""
    return [f"GET {path} HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer {token}\r\n\r\n" for token in TOKENS]


def post(path: str) -> list[str]:
    """A POST of a monthly schedule of each payer, with a key that is new each time."""
    head = f"POST {path} HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\nContent-Length: {len(BODY)}\r\n"
    ends = (f"Authorization: Bearer {token}\r\nIdempotency-Key: {FRESH}\r\n\r\n{BODY}" for token in TOKENS)
    return [head + end for end in ends]


def fetch(port: int, path: str) -> bytes:
    """What the first payer is answered. Raises URLError."""
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}")
    request.add_header("Authorization", f"Bearer {TOKENS[0]}")
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=10) as answer:
        body: bytes = answer.read()
        return body


@contextmanager
def _gunicorn(
    log: Path, command: list[str], variables: Mapping[str, str], port: int, path: str
) -> Iterator[ChildProcess]:
    whole = [sys.executable, "-m", "gunicorn", *command]
    with ChildProcess(log.stem, whole, log, env={**os.environ, **variables}, cwd=ROOT) as process:
        process.wait_until(lambda: _answers(port, path), START_SECONDS)
        yield process


def _answers(port: int, path: str) -> bool:
    try:
        fetch(port, path)
    except (urllib.error.URLError, OSError):
        return False
    return True
