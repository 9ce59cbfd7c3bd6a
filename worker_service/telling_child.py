"""The process that tells, as its worker keeps it: started, started again when it dies, ended with the worker."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from typing import Final

from shared.log import get_logger

log = get_logger(__name__)

COMMAND: Final = (sys.executable, "-m", "worker_service.telling")
"""Is given our process id: its own parent may be another by the time when it asks."""
PAUSE_SECONDS: Final = 5.0
"""Before it is started again, and twice as long each time: one that dies at once must not take a CPU for that."""
LONGEST_PAUSE: Final = 24
"""In pauses: two minutes. One that lived for longer than that has not died at once."""
END_SECONDS: Final = 5.0
"""For the call in flight, when the worker ends. What is cut off is told again, under the same ids."""


class TellingChild:
    """Watched by a thread that sleeps until the process has ended: the worker's loop waits for neither.

    It ends by itself once its parent is gone, so a worker that is killed leaves none behind.
    """

    def __init__(self, command: Sequence[str] = COMMAND, pause_seconds: float = PAUSE_SECONDS) -> None:
        self._command = list(command)
        self._pause_seconds = pause_seconds
        self._over = threading.Event()
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._thread = threading.Thread(target=self._keep, name="telling", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def ask(self) -> None:
        """Asks it to end after the call in flight."""
        with self._lock:
            self._over.set()
            if self._process is not None:
                self._process.terminate()

    def stop(self) -> None:
        """Returns when it has ended, which it is made to after a while."""
        self.ask()
        self._thread.join(END_SECONDS)
        self.terminate()

    def terminate(self) -> None:
        """Ends it at once."""
        self.ask()
        with self._lock:
            if self._process is not None:
                self._process.kill()
        self._thread.join(END_SECONDS)

    def _keep(self) -> None:
        longest = LONGEST_PAUSE * self._pause_seconds
        pause = self._pause_seconds
        while not self._over.is_set():
            began = time.monotonic()
            ended = self._run()
            if time.monotonic() - began > longest:
                pause = self._pause_seconds
            if not self._over.is_set():
                log.error("process that tells has ended", alert=True, status=ended, seconds=pause)
                self._over.wait(pause)
            pause = min(2 * pause, longest)

    def _run(self) -> int | str | None:
        """Its status when it has ended, or why there is none: a machine may be full for a while."""
        with self._lock:
            if self._over.is_set():
                return None
            try:
                process = subprocess.Popen([*self._command, str(os.getpid())], stdin=subprocess.DEVNULL)
            except OSError as error:
                return type(error).__name__
            self._process = process
        return process.wait()
