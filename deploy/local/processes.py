"""Child processes that end with us, write to a log file and say when they are ready."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from deploy.local.account import Account
from deploy.local.errors import ChildFailedError

LAUNCH = Path(__file__).with_name("launch.py")
POLL_SECONDS = 0.02
KILL_SECONDS = 10.0


def wait_for(condition: Callable[[], bool], timeout_seconds: float) -> bool:
    """Ask `condition` until it holds (True) or `timeout_seconds` have passed (False)."""
    deadline = time.monotonic() + timeout_seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(POLL_SECONDS)
    return True


def _private(path: str, flags: int) -> int:
    """Opens a log for our eyes only: it may hold addresses with passwords, and names of payers."""
    return os.open(path, flags | os.O_NOFOLLOW, 0o600)


@dataclass
class ChildProcess:
    """One command, in a process group of its own, so that a terminal's Ctrl-C reaches only us.

    It is sent `stop_signal` by `terminate`, and on Linux also by the kernel when the *thread* that started
    it ends: start children from the main thread. `env` is the whole environment; None passes ours on.
    The log begins anew with the first start and goes on with later ones.
    """

    name: str
    command: Sequence[str | Path]
    log_path: Path
    env: Mapping[str, str] | None = None
    cwd: Path | None = None
    account: Account | None = None
    stop_signal: signal.Signals = signal.SIGTERM
    _running: subprocess.Popen[bytes] | None = field(default=None, init=False, repr=False)
    _log_start: int = field(default=0, init=False, repr=False)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.terminate()

    @property
    def pid(self) -> int:
        """The process id of the last start; 0 before the first."""
        return self._running.pid if self._running else 0

    @property
    def exit_status(self) -> int | None:
        """As Popen's returncode: None while it runs or before the first start, -9 after a SIGKILL."""
        return self._running.poll() if self._running else None

    @property
    def is_running(self) -> bool:
        """Whether it was started and has not ended."""
        return self._running is not None and self._running.poll() is None

    def start(self) -> None:
        """Start the command; a command that does not exist ends at once with status 1 and says so in its log.

        Raises RuntimeError when it runs already.
        """
        if self.is_running:
            raise RuntimeError(f"{self.name} runs already")
        with open(self.log_path, "ab" if self._running else "wb", opener=_private) as log:
            self._log_start = log.tell()
            self._running = subprocess.Popen(
                self._launch_command(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=None if self.env is None else dict(self.env),
                cwd=self.cwd,
                process_group=0,
            )

    def wait_until(self, ready: Callable[[], bool], timeout_seconds: float) -> None:
        """Return as soon as `ready` holds. Raises ChildFailedError when the process ends first, or time does."""
        deadline = time.monotonic() + timeout_seconds
        while True:
            if not self.is_running:
                raise self._failed(f"{self.name} ended with status {self.exit_status} before it was ready")
            if ready():
                return
            if time.monotonic() > deadline:
                raise self._failed(f"{self.name} was not ready after {timeout_seconds:g} seconds")
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._started.wait(POLL_SECONDS)

    def check(self) -> None:
        """Raise ChildFailedError when it no longer runs."""
        if not self.is_running:
            raise self._failed(f"{self.name} ended with status {self.exit_status}")

    def wait(self, timeout_seconds: float) -> int:
        """Its exit status, once it has ended. Raises ChildFailedError when it does not end in time."""
        try:
            return self._started.wait(timeout_seconds)
        except subprocess.TimeoutExpired:
            raise self._failed(f"{self.name} did not end within {timeout_seconds:g} seconds") from None

    def send_signal(self, number: int) -> None:
        """Signal the process alone, not its group; nothing happens when it has ended."""
        if self._running:
            self._running.send_signal(number)

    def terminate(self, timeout_seconds: float = 10.0, number: int | None = None) -> int | None:
        """Ask the process to stop (by `number`, else `stop_signal`), then kill what is left of its group.

        Answers its exit status, None when it was never started.

        Only the process itself is asked: a master that drains its own children must find them alive.
        """
        if self._running is None:
            return None
        self.send_signal(self.stop_signal if number is None else number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._running.wait(timeout_seconds)
        self.kill()
        return self._running.returncode

    def kill(self) -> None:
        """Kill the whole group with SIGKILL and wait for the process; before the first start, do nothing."""
        if self._running is None:
            return
        # An empty group is an error of its own kind on each system.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._running.pid, signal.SIGKILL)
        self._running.wait(KILL_SECONDS)

    def log_tail(self, lines: int = 20) -> str:
        """The last `lines` that the current start wrote."""
        with self.log_path.open("rb") as log:
            log.seek(self._log_start)
            return "\n".join(log.read().decode(errors="replace").splitlines()[-lines:])

    @property
    def _started(self) -> subprocess.Popen[bytes]:
        if self._running is None:
            raise RuntimeError(f"{self.name} was not started")
        return self._running

    def _launch_command(self) -> list[str]:
        ids = (self.account.uid, self.account.gid) if self.account else (-1, -1)
        arguments = (os.getpid(), int(self.stop_signal), *ids)
        # -I and -S: no site packages and no PYTHON* variables, so that it starts in some 15 ms.
        launch = [sys.executable, "-I", "-S", str(LAUNCH), *map(str, arguments)]
        return launch + [str(part) for part in self.command]

    def _failed(self, reason: str) -> ChildFailedError:
        return ChildFailedError(reason, self.log_path, self.log_tail())
