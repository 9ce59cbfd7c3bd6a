"""Servers that an earlier run left behind when it was killed.

Whoever holds a data folder's lock knows that nobody else starts servers in it, so a server that still runs
there has lost its parent. Two servers on one folder would destroy it: the old one is stopped first.
"""

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from deploy.local.errors import LocalServerError
from deploy.local.processes import wait_for

STOP_SECONDS = 60.0
KILL_SECONDS = 10.0


def read_pid(path: Path) -> int | None:
    """The number in the first line of a server's file; None when there is no such file or no number in it."""
    try:
        return int(path.read_text().split("\n", 1)[0])
    except (OSError, ValueError):
        return None


def stop_orphan(pid: int, program: str, folder: Path, stop_signal: signal.Signals) -> bool:
    """Stop `program` if it is process `pid` and works in `folder`; False when that process is something else.

    Raises LocalServerError when it does not end.
    """
    if not _serves(pid, program, folder):
        return False
    for number, timeout_seconds in ((stop_signal, STOP_SECONDS), (signal.SIGKILL, KILL_SECONDS)):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)
        if wait_for(lambda: not _serves(pid, program, folder), timeout_seconds):
            return True
    raise LocalServerError(f"{program} of an earlier run (process {pid}) in {folder} does not stop")


def wait_until_abandoned(folder: Path) -> None:
    """Return when no process has `folder` as its current one (looked at on Linux only).

    The children of a killed postmaster live on for a moment. Raises LocalServerError when they stay.
    """
    _wait_until_none(_is_in, folder)


def wait_until_unknown(folder: Path) -> None:
    """Return when no process is in `folder` or was told of it either (looked at on Linux only).

    For a folder whose name is known to who works there alone. The servers that a killed initdb started may enter it
    only now. Raises LocalServerError when they stay.
    """
    _wait_until_none(_knows, folder)


def _wait_until_none(works: Callable[[Path, Path], bool], folder: Path) -> None:
    def found() -> list[str]:
        return [process.name for process in Path("/proc").glob("[0-9]*") if works(process, folder)]

    if not wait_for(lambda: not found(), KILL_SECONDS):
        raise LocalServerError(f"processes {', '.join(found())} of an earlier run still work in {folder}")


def _serves(pid: int, program: str, folder: Path) -> bool:
    """A process number is given again to others, so the number alone proves nothing."""
    command = _command_line(pid)
    return bool(command) and Path(command[0]).name == program and str(folder) in command


def _command_line(pid: int) -> list[str]:
    """The words of a process's command; none for one that has ended, also when nobody waited for it yet."""
    if sys.platform != "linux":
        printed = subprocess.run(["ps", "-o", "command=", "-p", str(pid)], capture_output=True, text=True, check=False)
        return printed.stdout.split()
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace").split("\0")[:-1]
    except OSError:
        return []


def _is_in(process: Path, folder: Path) -> bool:
    with contextlib.suppress(OSError):
        return (process / "cwd").readlink() == folder
    return False


def _knows(process: Path, folder: Path) -> bool:
    """initdb is told by a word, and tells its servers by their environment."""
    name = os.fsencode(folder)
    with contextlib.suppress(OSError):
        words, told = ((process / kind).read_bytes().split(b"\0") for kind in ("cmdline", "environ"))
        return name in words or b"PGDATA=" + name in told or _is_in(process, folder)
    return False
