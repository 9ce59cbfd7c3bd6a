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
    """The process ids of its children; none when it is gone."""
    try:
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except (FileNotFoundError, ProcessLookupError):
        return []


def frozen(pids: Iterable[int]) -> Iterator[None]:
    """Stops them (SIGSTOP) until the iterator is closed."""
    stopped = list(pids)
    send(stopped, signal.SIGSTOP)
    try:
        while True:
            yield
    finally:
        send(stopped, signal.SIGCONT)
