"""Ctrl-C and its like: one of them ends the demo in an orderly way, more of them change nothing."""

from __future__ import annotations

import signal
import time
from types import FrameType
from typing import Any, Self

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
PATIENCE_SECONDS = 5.0


class Interruption:
    """While it is entered, SIGINT, SIGTERM and SIGHUP raise KeyboardInterrupt in the main thread.

    A second signal soon after the first is passed over: people press Ctrl-C twice, and what is being stopped
    must not be interrupted. `shield` passes over all that follow.
    """

    def __init__(self) -> None:
        self._before: dict[signal.Signals, Any] = {}
        self._last_at: float | None = None
        self._number = signal.SIGINT

    @property
    def exit_status(self) -> int:
        """What a shell reports for a program that this signal ended."""
        return 128 + self._number

    def shield(self) -> None:
        """From now on signals change nothing."""
        for number in SIGNALS:
            signal.signal(number, signal.SIG_IGN)

    def __enter__(self) -> Self:
        for number in SIGNALS:
            # `nohup` means it: a hang-up that is ignored stays so.
            if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:
                self._before[number] = signal.signal(number, self._interrupt)
        return self

    def __exit__(self, *_: object) -> None:
        for number, before in self._before.items():
            signal.signal(number, before)

    def _interrupt(self, number: int, _: FrameType | None) -> None:
        now = time.monotonic()
        if self._last_at is None or now - self._last_at > PATIENCE_SECONDS:
            self._last_at, self._number = now, signal.Signals(number)
            raise KeyboardInterrupt
