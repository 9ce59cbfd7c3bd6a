"""The API as it is really run: gunicorn with our settings, a process of its own, over HTTP."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

import requests

from api_service.auth.development import make_token
from deploy.local.ports import free_port

ROOT = Path(__file__).parents[3]
SETTINGS = "deploy/gunicorn.conf.py"
COMMAND = [sys.executable, "-m", "gunicorn", "-c", SETTINGS, "api_service.wsgi:app"]
START_SECONDS = 60
OURS = (
    "DATABASE_URL",
    "APP_ENV",
    "OIDC_",
    "CUTOFF_AT",
    "BUSINESS_",
    "PORT",
    "WEB_CONCURRENCY",
    "LOG_",
    "CACHE_URL",
    "RATE_LIMIT_",
    "DRAIN_",
)


def environment(**changes: str) -> dict[str, str]:
    """This process's, without any setting of ours."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
    return {**inherited, **changes}


class Served:
    """One gunicorn on a port of its own; the log is what it wrote to standard error and output."""

    def __init__(self, database_url: str, folder: Path, *, settings: str = SETTINGS, **changes: str) -> None:
        self.port = int(changes.get("PORT") or free_port())
        self.url = f"http://127.0.0.1:{self.port}"
        self._log = folder / f"log-{self.port}"
        variables = {
            "DATABASE_URL": database_url,
            "BUSINESS_DATE": "2026-11-20",
            "PORT": str(self.port),
            "WEB_CONCURRENCY": "2",
            "LOG_FORMAT": "json",
            **changes,
        }
        with self._log.open("wb") as output:
            self.process = subprocess.Popen(
                [settings if word == SETTINGS else word for word in COMMAND],
                cwd=ROOT,
                env=environment(**variables),
                stderr=output,
                stdout=output,
                process_group=0,
            )
        try:
            self.wait_until(lambda: self.status("/readyz") == 200, START_SECONDS)
        except BaseException:
            self.kill()
            raise

    @property
    def log(self) -> str:
        return self._log.read_text(errors="replace")

    def status(self, path: str, timeout: float = 10) -> int | None:
        """Of an answer to a request without a token; None when nobody listens."""
        try:
            return requests.get(self.url + path, timeout=timeout).status_code
        except requests.RequestException:
            return None

    def session(self, sub: str = "alice", *scopes: str) -> requests.Session:
        """A client with a connection that is kept alive."""
        session = requests.Session()
        session.trust_env = False
        token = make_token(sub, scopes or ("schedules:read", "schedules:write"))
        session.headers["Authorization"] = f"Bearer {token}"
        return session

    def connect(self, timeout: float = 60) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=timeout)

    def wait_until(self, holds: Callable[[], bool], seconds: float) -> None:
        """Returns as soon as it holds; fails with the log when the process ends first, or time does."""
        deadline = time.monotonic() + seconds
        while not holds():
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise AssertionError(self.log)
            time.sleep(0.02)

    def stop(self, number: signal.Signals = signal.SIGTERM, seconds: float = 60) -> int:
        """Its exit status."""
        self.process.send_signal(number)
        return self.process.wait(seconds)

    def kill(self) -> None:
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self.kill()
