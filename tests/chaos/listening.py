"""Listening to all that goes through the broker."""

from __future__ import annotations

import threading
from collections.abc import Callable

import redis

AGAIN_SECONDS = 0.2


class Listener:
    """Reads every command the broker is given (MONITOR), and keeps those in which a mark stands."""

    def __init__(self, connect: Callable[[], redis.Redis], mark: str) -> None:
        self.heard = 0
        self.marked: list[str] = []
        self._connect = connect
        self._mark = mark
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._listen, name="listener", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Returns when it has heard the last; it need not have been started."""
        self._over.set()
        if self._thread.is_alive():
            self._thread.join(10)

    def _listen(self) -> None:
        while not self._over.wait(AGAIN_SECONDS):
            try:
                with self._connect() as broker, broker.monitor() as monitor:
                    while not self._over.is_set():
                        self._hear(str(monitor.next_command()["command"]))
            except (redis.RedisError, OSError, ValueError, AttributeError):
                continue  # it was cut, frozen or restarted: come back

    def _hear(self, command: str) -> None:
        self.heard += 1
        if self._mark in command:
            self.marked.append(command[:200])
