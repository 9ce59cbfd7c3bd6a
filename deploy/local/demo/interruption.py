"""Ctrl-C and its like: one of them ends the demo in an orderly way, more of them change nothing."""

from __future__ import annotations

import signal
import time
from types import FrameType
from typing import Any, Self

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
PATIENCE_SECONDS = 20.0


class Interrupted(Exception):
    """Somebody asked the demo to stop."""


class Interruption:
    """While it is entered, SIGINT, SIGTERM and SIGHUP are noted, and `check` raises Interrupted.

    The signal itself raises nothing: an exception at any place can be swallowed there (in the middle of an import
    it is), or come between the start of a process and the note of it. Only who asks again after `PATIENCE_SECONDS`,
    because something hangs, raises KeyboardInterrupt at once.
    """

    def __init__(self) -> None:
        self._before: dict[signal.Signals, Any] = {}
        self._noted: tuple[int, float] | None = None

    @property
    def exit_status(self) -> int:
        """What a shell reports for a program that this signal ended."""
        return 128 + (self._noted[0] if self._noted else signal.SIGINT)

    def check(self) -> None:
        """Raises Interrupted once a signal has come."""
        if self._noted is not None:
            raise Interrupted

    def shield(self) -> None:
        """From now on signals change nothing."""
        for number in SIGNALS:
            signal.signal(number, signal.SIG_IGN)

    def __enter__(self) -> Self:
        for number in SIGNALS:
            # `nohup` means it: a hang-up that is ignored stays so.
            if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:
                self._before[number] = signal.signal(number, self._note)
        return self

    def __exit__(self, *_: object) -> None:
        # After a signal the program ends: a second one, pressed in haste, must not hit it on its way out.
        if self._noted is None:
            for number, before in self._before.items():
                signal.signal(number, before)

    def _note(self, number: int, _: FrameType | None) -> None:
        if self._noted is None:
            self._noted = (number, time.monotonic())
        elif time.monotonic() - self._noted[1] > PATIENCE_SECONDS:
            raise KeyboardInterrupt
