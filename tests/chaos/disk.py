"""A disk that can be filled: a small mount of our own where that is allowed, otherwise a limit on file sizes."""

from __future__ import annotations

import contextlib
import ctypes
import os
import subprocess
from collections.abc import Iterable
from pathlib import Path

from deploy.local.account import server_account

CLONE_NEWNS = 0x00020000
SIZE = "600m"
BALLAST_BYTES = 1 << 20
LIMIT_BYTES = "65536"


class Disk:
    """`folder` as a mount that only this process and its children see, so that nothing of it outlives them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.is_mounted = _mount(folder)
        self._ballast = folder / "ballast"

    def fill(self, processes: Iterable[int]) -> None:
        """From now on nothing more can be written; `processes`: who writes, where there is no mount."""
        if not self.is_mounted:
            _limit(processes, LIMIT_BYTES)
            return
        with contextlib.suppress(OSError), self._ballast.open("ab", buffering=0) as ballast:
            while True:
                ballast.write(bytes(BALLAST_BYTES))

    def free(self, processes: Iterable[int]) -> None:
        """There is room again."""
        self._ballast.unlink(missing_ok=True)
        if not self.is_mounted:
            _limit(processes, "unlimited")

    def close(self) -> None:
        """Lets go of the mount, and of what is on it."""
        if self.is_mounted:
            subprocess.run(["umount", "--lazy", str(self.folder)], capture_output=True, check=False)


def _limit(processes: Iterable[int], soft: str) -> None:
    """The soft limit on the size of files. It is the servers' account that may set it, not even root."""
    account = server_account()
    who = {"user": account.uid, "group": account.gid, "extra_groups": []} if account else {}
    for pid in processes:
        command = ["prlimit", "--pid", str(pid), f"--fsize={soft}:"]
        # What ended meanwhile has no limit; what cannot be limited at all shows in a server that goes on writing.
        subprocess.run(command, capture_output=True, check=False, **who)  # type: ignore[call-overload]


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
