"""Signals to processes that may be gone already, and who belongs to whom (Linux)."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Iterable, Iterator
from pathlib import Path


def send(pids: Iterable[int], number: signal.Signals) -> None:
    """Signals each that is still there."""
    for pid in pids:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, number)


def children(pid: int) -> list[int]:
    """The process ids of its children, whichever of its threads started them; none when it is gone."""
    found: list[int] = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            found += map(int, task.read_text().split())
    return found


def command_of(pid: int) -> str:
    """The words it was started with; none when it is gone."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")
    except (FileNotFoundError, ProcessLookupError):
        return ""


def frozen(pids: Iterable[int]) -> Iterator[None]:
    """Stops them (SIGSTOP) until the iterator is closed."""
    stopped = list(pids)
    send(stopped, signal.SIGSTOP)
    try:
        while True:
            yield
    finally:
        send(stopped, signal.SIGCONT)
