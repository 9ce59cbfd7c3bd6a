"""What the embedded servers have in common: a folder, a port of the loopback address, a child process."""

import signal
import time
from abc import ABC, abstractmethod
from pathlib import Path

from deploy.local.account import server_account
from deploy.local.errors import ChildFailedError
from deploy.local.ports import free_port
from deploy.local.processes import ChildProcess

# No variable of ours, such as PGPORT or LC_ALL, may steer a server.
SERVER_ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}
RETRY_SECONDS = 15.0
PAUSE_SECONDS = 0.2


class LoopbackServer(ABC):
    """One server on one folder; `data_dir`.log beside it holds what it said since its last start.

    The port is chosen at the first start and kept afterwards, so that clients find a restarted server.
    """

    name: str
    stop_signal = signal.SIGTERM
    start_seconds: float
    stop_seconds: float

    def __init__(self, data_dir: Path) -> None:
        self.data_dir = data_dir.resolve()
        self.port = 0
        self._account = server_account()
        self._child: ChildProcess | None = None

    @property
    def pid(self) -> int:
        """Its process id; 0 when it was not started or was stopped."""
        return self._child.pid if self._child else 0

    def start(self) -> None:
        """Return when the server answers. Raises LocalServerError; RuntimeError when it was started already."""
        if self._child is not None:
            raise RuntimeError(f"{self.name} was started already")
        self._prepare()
        retry_until = time.monotonic() + RETRY_SECONDS
        while True:
            port = self.port or free_port()
            try:
                self._start_on(port)
            except ChildFailedError as failure:
                if time.monotonic() > retry_until or not self._may_try_again(failure.log_tail):
                    raise
                time.sleep(PAUSE_SECONDS)
            else:
                self.port = port
                return

    def stop(self) -> None:
        """Stop it in an orderly way; a server that does not run stays stopped."""
        if self._child is not None:
            self._child.terminate(self.stop_seconds)
            self._child = None

    def kill(self) -> None:
        """End the server with SIGKILL; `start` recovers."""
        if self._child is not None:
            self._child.kill()
            self._child = None

    def restart(self) -> None:
        """Stop it and start it on the same port."""
        self.stop()
        self.start()

    def check(self) -> None:
        """Raise ChildFailedError when the server no longer runs though nobody stopped it."""
        if self._child is not None:
            self._child.check()

    @abstractmethod
    def _prepare(self) -> None:
        """Make its files, and make way: stop a server that an earlier run left on this folder."""

    @abstractmethod
    def _command(self, port: int) -> list[str | Path]:
        """The command that serves on `port`, in the foreground."""

    @abstractmethod
    def _answers(self, port: int, pid: int) -> bool:
        """Whether *our* server, process `pid`, answers; another one may have taken the port."""

    @abstractmethod
    def _may_try_again(self, log_tail: str) -> bool:
        """Whether another start may succeed after one that ended with these words."""

    def _start_on(self, port: int) -> None:
        child = ChildProcess(
            name=self.name,
            command=self._command(port),
            log_path=self.data_dir.with_name(f"{self.data_dir.name}.log"),
            env=SERVER_ENVIRONMENT,
            cwd=Path("/"),
            account=self._account,
            stop_signal=self.stop_signal,
        )
        child.start()
        try:
            child.wait_until(lambda: self._answers(port, child.pid), self.start_seconds)
        except BaseException:
            child.terminate()
            raise
        self._child = child
