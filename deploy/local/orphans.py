"""Servers that an earlier run left behind when it was killed.

Whoever holds a data folder's lock knows that nobody else starts servers in it, so a server that still runs
there has lost its parent. Two servers on one folder would destroy it: the old one is stopped first.
"""

import contextlib
import os
import signal
import subprocess
import sys
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
    if not wait_for(lambda: not _processes_in(folder), KILL_SECONDS):
        raise LocalServerError(f"processes {_processes_in(folder)} of an earlier run still work in {folder}")


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


def _processes_in(folder: Path) -> list[int]:
    found = []
    for link in Path("/proc").glob("[0-9]*/cwd"):
        with contextlib.suppress(OSError):
            if link.readlink() == folder:
                found.append(int(link.parent.name))
    return found
