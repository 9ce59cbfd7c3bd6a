"""A disk that can be filled: a small mount of our own where that is allowed, otherwise a limit on file sizes."""

from __future__ import annotations

import contextlib
import ctypes
import os
import resource
import subprocess
from collections.abc import Callable, Iterable
from pathlib import Path

CLONE_NEWNS = 0x00020000
SIZE = "600m"
BALLAST_BYTES = 1 << 20
LIMIT_BYTES = 1 << 16


class Disk:
    """`folder` as a mount that only this process and its children see, so that nothing of it outlives them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.is_mounted = _mount(folder)
        self._ballast = folder / "ballast"

    def fill(self, processes: Iterable[int]) -> None:
        """From now on nothing more can be written; `processes`: who writes, where there is no mount."""
        if not self.is_mounted:
            _limit(processes, lambda hard: (LIMIT_BYTES, hard))
            return
        with contextlib.suppress(OSError), self._ballast.open("ab", buffering=0) as ballast:
            while True:
                ballast.write(bytes(BALLAST_BYTES))

    def free(self, processes: Iterable[int]) -> None:
        """There is room again."""
        self._ballast.unlink(missing_ok=True)
        if not self.is_mounted:
            _limit(processes, lambda hard: (hard, hard))

    def close(self) -> None:
        """Lets go of the mount, and of what is on it."""
        if self.is_mounted:
            subprocess.run(["umount", "--lazy", str(self.folder)], capture_output=True, check=False)


def _limit(processes: Iterable[int], limits: Callable[[int], tuple[int, int]]) -> None:
    for pid in processes:
        with contextlib.suppress(OSError):
            _, hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)
            resource.prlimit(pid, resource.RLIMIT_FSIZE, limits(hard))


def _mount(folder: Path) -> bool:
    if os.geteuid() != 0:
        return False
    if ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWNS) != 0:
        return False
    owner = folder.stat()
    options = f"size={SIZE},mode=0700,uid={owner.st_uid},gid={owner.st_gid}"
    commands = [["mount", "--make-rprivate", "/"], ["mount", "-t", "tmpfs", "-o", options, "payday-chaos", str(folder)]]
    try:
        return all(subprocess.run(command, capture_output=True, check=False).returncode == 0 for command in commands)
    except FileNotFoundError:
        return False
