"""The sandbox bank as a process of its own, for tests that need a provider."""

from __future__ import annotations

import json
import os
import signal
import socket
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import requests

from deploy.local.bank import main
from tests.forks import FORKS

_START_SECONDS = 60.0
_STOP_SECONDS = 60.0
_CALL_SECONDS = 60.0
_ROWS_A_PAGE = 1000

Spec = Mapping[str, object]


class BankProcess:
    """A bank that listens from construction on, with the command line's `options`.

    Port and journal stay the same over `kill`, `stop` and `restart`; `close` (or leaving the context) ends
    it and removes its journal.
    """

    def __init__(self, *options: str, faults: Sequence[Spec] = (), journal: Path | None = None) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="bank-")
        folder = Path(self._folder.name)
        self.journal = journal or folder / "journal"
        # Bound and never listening, so that nobody else is given the port while the bank is away.
        self._holder = socket.socket()
        self._holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._holder.bind(("127.0.0.1", 0))
        self.port: int = self._holder.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._command = ["--port", str(self.port), "--journal", str(self.journal), *options]
        if faults:
            script = folder / "faults.json"
            script.write_text(json.dumps(list(faults)))
            self._command += ["--faults", str(script)]
        self._session = requests.Session()
        self._session.trust_env = False
        self._process = self._started()

    @property
    def pid(self) -> int:
        return self._process.pid or 0

    def faults(self, *specs: Spec) -> None:
        """Adds scripted faults behind those that are there."""
        self._call("POST", "/admin/faults", list(specs))

    def clear_faults(self) -> None:
        self._call("DELETE", "/admin/faults")

    def shown_faults(self) -> list[dict[str, Any]]:
        """Each fault with `suited` and `met`: how many requests it was for, how many it happened to."""
        faults: list[dict[str, Any]] = self._call("GET", "/admin/faults")["faults"]
        return faults

    def summary(self) -> dict[str, Any]:
        return self._call("GET", "/journal/summary")

    def payments(self) -> Iterator[dict[str, Any]]:
        """Every effective payment, oldest first."""
        return self._rows("payments")

    def sends(self) -> Iterator[dict[str, Any]]:
        """Every send received, oldest first."""
        return self._rows("sends")

    def declines(self) -> Iterator[dict[str, Any]]:
        return self._rows("declines")

    def kill(self) -> None:
        """SIGKILL; returns when the process is gone, also when it was already."""
        self._process.kill()
        self._gone()

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Asks the bank to end; returns its exit status."""
        os.kill(self.pid, number)
        return self._gone()

    def restart(self) -> None:
        """Starts the bank again (after killing it, if it lives) on the same journal and port."""
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
        if line.strip() != f"sandbox bank ready on {self.url}":
            process.kill()
            raise RuntimeError(f"the bank did not start, it said {line!r}")
        return process

    def _gone(self) -> int:
        self._process.join(_STOP_SECONDS)
        status = self._process.exitcode
        assert status is not None, "the bank goes on"
        return status

    def _rows(self, kind: str) -> Iterator[dict[str, Any]]:
        cursor: str | None = ""
        while cursor is not None:
            page = self._call("GET", f"/journal?kind={kind}&limit={_ROWS_A_PAGE}&cursor={cursor}")
            yield from page[kind]
            cursor = page["nextCursor"]

    def _call(self, method: str, path: str, content: object = None) -> dict[str, Any]:
        response = self._session.request(method, self.url + path, json=content, timeout=_CALL_SECONDS)
        if not response.ok:
            raise RuntimeError(f"{method} {path}: {response.status_code} {response.text}")
        answer: dict[str, Any] = response.json()
        return answer


def _serve(command: Sequence[str], said: Connection) -> None:
    """A bank as its command starts it; what that says goes to whoever waits for it."""
    os.dup2(said.fileno(), sys.stdout.fileno())
    said.close()
    sys.exit(main(list(command)))
