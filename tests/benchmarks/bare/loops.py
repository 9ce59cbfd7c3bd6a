"""Bare loops in processes of their own that begin together; each prints when it began and ended."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence

READY = "ready\n"


def run_together(
    module: str, arguments: Sequence[Sequence[str]], environment: Mapping[str, str] | None = None
) -> float:
    """Seconds from the first beginning to the last end of `python -m module` with each of the arguments."""
    loops = [
        subprocess.Popen(
            [sys.executable, "-m", module, *given],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, **(environment or {})},
        )
        for given in arguments
    ]
    try:
        for loop in loops:
            assert loop.stdout is not None
            assert loop.stdout.readline() == READY
        for loop in loops:
            assert loop.stdin is not None
            loop.stdin.write("go\n")
            loop.stdin.flush()
        spans = [tuple(map(float, loop.communicate()[0].split())) for loop in loops]
    finally:
        for loop in loops:
            loop.kill()
            loop.wait()
    return max(ended for _, ended in spans) - min(began for began, _ in spans)


def when_told(work: Callable[[], None]) -> None:
    """In a loop's process: does `work` when it is told to, and says when on the machine's monotonic clock."""
    print(READY, end="", flush=True)
    sys.stdin.readline()
    began = time.monotonic()
    work()
    print(began, time.monotonic(), flush=True)
