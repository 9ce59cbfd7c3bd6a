"""The sandbox's receiver as a process of its own, for tests in which somebody is told."""

from __future__ import annotations

import os
import signal
import socket
import sys
import tempfile
from collections.abc import Iterator, Sequence
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import requests

from deploy.local.receiver import main
from tests.forks import FORKS

SECRET: Final = "whsec_YSBzZWNyZXQgdGhhdCBvbmx5IHRlc3RzIGhhdmU="
_START_SECONDS = 60.0
_STOP_SECONDS = 60.0
_CALL_SECONDS = 60.0


class ReceiverProcess:
    """A receiver that listens from construction on, with the command line's `options`.

    `url` is what NOTIFY_URL is to be. Port and journal stay the same over `kill`, `stop` and `restart`; `close` (or
    leaving the context) ends it and removes its journal, if it was given none.
    """

    def __init__(self, *options: str, secret: str = SECRET, journal: Path | None = None) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="receiver-")
        # Bound and never listening, so that nobody else is given the port while the receiver is away.
        self._holder = socket.socket()
        self._holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._holder.bind(("127.0.0.1", 0))
        port: int = self._holder.getsockname()[1]
        self.secret = secret
        self.journal = journal or Path(self._folder.name) / "journal"
        self._origin = f"http://127.0.0.1:{port}"
        self.url = f"{self._origin}/notices"
        self._command = ["--port", str(port), "--journal", str(self.journal), "--secret", secret, *options]
        self._session = requests.Session()
        self._session.trust_env = False
        self._process = self._started()

    @property
    def pid(self) -> int:
        return self._process.pid or 0

    def notices(self) -> list[dict[str, Any]]:
        """Every arrival in order, doubles included."""
        return list(self._rows())

    def ids(self, type: str | None = None, role: str | None = None) -> list[str]:  # noqa: A002 - a notice's own word
        """The ids of arrivals in order, doubles included: of this type, to this role."""
        return [
            notice["id"] for notice in self._rows() if type in (None, notice["type"]) and role in (None, notice["role"])
        ]

    def summary(self) -> dict[str, Any]:
        """Counts over distinct ids, and `calls`, `notices`, `refused` and `badSignatures` of all that came."""
        summary: dict[str, Any] = self._call("GET", "/summary").json()
        return summary

    def fault(self, **spec: object) -> None:
        """How it answers from now on: status, retryAfter, delaySeconds, drop, times."""
        self._call("PUT", "/fault", spec)

    def heal(self) -> None:
        self._call("DELETE", "/fault")

    def kill(self) -> None:
        """SIGKILL; returns when the process is gone, also when it was already."""
        self._process.kill()
        self._gone()

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Asks the receiver to end; returns its exit status."""
        os.kill(self.pid, number)
        return self._gone()

    def restart(self) -> None:
        """Starts it again (after killing it, if it lives) on the same journal and port; its fault is gone."""
        self.kill()
        self._process = self._started()

    def close(self) -> None:
        self.kill()
        self._session.close()
        self._holder.close()
        self._folder.cleanup()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _started(self) -> ForkServerProcess:
        heard, said = FORKS.Pipe(duplex=False)
        with heard, said:
            process = FORKS.Process(target=_serve, args=(self._command, said), daemon=True)
            process.start()
            line = os.read(heard.fileno(), 1000).decode() if heard.poll(_START_SECONDS) else ""
        if line.strip() != f"sandbox receiver ready on {self.url}":
            process.kill()
            raise RuntimeError(f"the receiver did not start, it said {line!r}")
        return process

    def _gone(self) -> int:
        self._process.join(_STOP_SECONDS)
        status = self._process.exitcode
        assert status is not None, "the receiver goes on"
        return status

    def _rows(self) -> Iterator[dict[str, Any]]:
        cursor: str | None = ""
        while cursor is not None:
            page = self._call("GET", f"/notices?cursor={cursor}").json()
            yield from page["notices"]
            cursor = page["nextCursor"]

    def _call(self, method: str, path: str, content: object = None) -> requests.Response:
        response = self._session.request(method, self._origin + path, json=content, timeout=_CALL_SECONDS)
        if not response.ok:
            raise RuntimeError(f"{method} {path}: {response.status_code} {response.text}")
        return response


def _serve(command: Sequence[str], said: Connection) -> None:
    """A receiver as its command starts it; what that says goes to whoever waits for it."""
    os.dup2(said.fileno(), sys.stdout.fileno())
    said.close()
    sys.exit(main(list(command)))
