"""How a server on an event loop is told to end."""

from __future__ import annotations

import asyncio
import signal

_ENDING = (signal.SIGTERM, signal.SIGINT)


def stop_signalled() -> asyncio.Event:
    """Set when SIGTERM or SIGINT comes, which do nothing else from now on."""
    loop, stop = asyncio.get_running_loop(), asyncio.Event()
    for number in _ENDING:
        signal.signal(number, lambda *_: loop.call_soon_threadsafe(stop.set))
    return stop


def ignore_signals() -> None:
    """A second one, as from a terminal and a parent at once, changes nothing."""
    for number in _ENDING:
        signal.signal(number, signal.SIG_IGN)
