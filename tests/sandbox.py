"""A sandbox server as a process of its own, as its command starts it."""

from __future__ import annotations

import os
import signal
import socket
import sys
import tempfile
from collections.abc import Callable, Sequence
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from types import TracebackType
from typing import Self

import requests

from tests.forks import FORKS

_START_SECONDS = 60.0
_STOP_SECONDS = 60.0
_CALL_SECONDS = 60.0

Main = Callable[[list[str]], int]


class SandboxProcess:
    """A sandbox `name` that `main` runs, and which listens once `_start` was called; `path` is what its URL ends in.

    Port and journal stay the same over `kill`, `stop` and `restart`; `close` (or leaving the context) ends it and
    removes its journal, if it was given none.
    """

    def __init__(self, name: str, main: Main, options: Sequence[str], journal: Path | None, path: str = "") -> None:
        self._name = name
        self._main = main
        self._folder = tempfile.TemporaryDirectory(prefix=f"{name}-")
        self.journal = journal or Path(self._folder.name) / "journal"
        # Bound and never listening, so that nobody else is given the port while the process is away.
        self._holder = socket.socket()
        self._holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._holder.bind(("127.0.0.1", 0))
        self.port: int = self._holder.getsockname()[1]
        self._origin = f"http://127.0.0.1:{self.port}"
        self.url = self._origin + path
        self._command = ["--port", str(self.port), "--journal", str(self.journal), *options]
        self._session = requests.Session()
        self._session.trust_env = False

    @property
    def pid(self) -> int:
        return self._process.pid or 0

    def kill(self) -> None:
        """SIGKILL; returns when the process is gone, also when it was already."""
        self._process.kill()
        self._gone()

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Asks the process to end; returns its exit status."""
        os.kill(self.pid, number)
        return self._gone()

    def restart(self) -> None:
        """Starts it again (after killing it, if it lives) on the same journal and port."""
        self.kill()
        self._start()

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

    def _start(self) -> None:
        heard, said = FORKS.Pipe(duplex=False)
        with heard, said:
            process: ForkServerProcess = FORKS.Process(
                target=_serve, args=(self._main, self._command, said), daemon=True
            )
            process.start()
            line = os.read(heard.fileno(), 1000).decode() if heard.poll(_START_SECONDS) else ""
        if line.strip() != f"sandbox {self._name} ready on {self.url}":
            process.kill()
            raise RuntimeError(f"the {self._name} did not start, it said {line!r}")
        self._process = process

    def _gone(self) -> int:
        self._process.join(_STOP_SECONDS)
        status = self._process.exitcode
        assert status is not None, f"the {self._name} goes on"
        return status

    def _call(self, method: str, path: str, content: object = None) -> requests.Response:
        response = self._session.request(method, self._origin + path, json=content, timeout=_CALL_SECONDS)
        if not response.ok:
            raise RuntimeError(f"{method} {path}: {response.status_code} {response.text}")
        return response


def _serve(main: Main, command: Sequence[str], said: Connection) -> None:
    """The server as its command starts it; what that says goes to whoever waits for it."""
    os.dup2(said.fileno(), sys.stdout.fileno())
    said.close()
    sys.exit(main(list(command)))
