"""The folder in which embedded servers keep what must outlive them."""

import fcntl
import hashlib
import os
import stat
from pathlib import Path

from deploy.local.account import Account, give, server_account
from deploy.local.errors import FolderInUseError, UnusableFolderError

NAME = ".payday"
FALLBACK = Path("/var/tmp")  # noqa: S108 - `DataFolder.prepare` refuses a folder that another user made there
LOCK_NAME = "lock"


def default_data_dir() -> Path:
    """`.payday` in the current folder; where the servers' user cannot use that, one under /var/tmp."""
    beside = Path.cwd() / NAME
    if _usable(beside, server_account()):
        return beside
    digest = hashlib.sha256(str(Path.cwd()).encode()).hexdigest()[:12]
    return FALLBACK / f"payday-{os.geteuid()}-{digest}"


def _usable(folder: Path, account: Account | None) -> bool:
    if account is not None and account.blocked_by(folder):
        return False
    if folder.exists():
        return folder.stat().st_uid == os.geteuid()
    return os.access(folder.parent, os.W_OK)


class DataFolder:
    """A folder that one run at a time holds; its servers' own folders stand in it.

    It belongs to us and each server's folder to the servers' account, so that a server can touch neither
    the lock nor another server's files. Permissions of folders above it are never changed.
    """

    def __init__(self, path: Path, account: Account | None) -> None:
        self.path = path.resolve()
        self.account = account
        self._lock: int | None = None

    def open(self) -> None:
        """Make the folder if needed and hold it. Raises UnusableFolderError and FolderInUseError."""
        try:
            self._prepare()
            self._hold()
        except OSError as problem:
            raise UnusableFolderError(
                f"{problem.filename or self.path}: {problem.strerror}; choose your own folder with --data"
            ) from problem

    def close(self) -> None:
        """Let another run have the folder; the files stay."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def server_folder(self, name: str) -> Path:
        """The folder of one server, which only the servers' account may enter."""
        folder = self.path / name
        if not folder.exists():
            folder.mkdir(mode=0o700)
            give(folder, self.account)
        return folder

    def _prepare(self) -> None:
        self._refuse_blocked(self.account.blocked_by(self.path) if self.account else [])
        if self.path.exists():
            self._take()
        else:
            self._make(self.path)

    def _make(self, folder: Path) -> None:
        if not folder.parent.exists():
            self._make(folder.parent)
        folder.mkdir()
        if self.account is not None:
            # Whatever the umask: the servers' user has to pass through.
            folder.chmod(0o755)

    def _take(self) -> None:
        """Check a folder that is there already: it must be ours, and nobody else's to write."""
        found = self.path.stat()
        if not stat.S_ISDIR(found.st_mode):
            raise UnusableFolderError(f"{self.path} is not a folder: choose another --data")
        if found.st_uid != os.geteuid() or found.st_mode & stat.S_IWOTH:
            raise UnusableFolderError(
                f"{self.path} belongs to another user or all may write there: choose a folder of your own with --data"
            )
        if self.account is None or self.account.can_enter(self.path):
            return
        # A folder with other things in it may be closed for a reason; an empty one was made for us.
        if not self._is_ours_alone():
            self._refuse_blocked([self.path])
        self.path.chmod(stat.S_IMODE(found.st_mode) | stat.S_IXGRP | stat.S_IXOTH)

    def _is_ours_alone(self) -> bool:
        return (self.path / LOCK_NAME).exists() or not any(self.path.iterdir())

    def _refuse_blocked(self, blocked: list[Path]) -> None:
        if blocked and self.account:
            folders = " ".join(map(str, blocked))
            raise UnusableFolderError(
                f"the user '{self.account.name}', as whom servers run when root starts them, cannot enter "
                f"{folders}: choose --data under /var/tmp, or allow it with: chmod o+x {folders}"
            )

    def _hold(self) -> None:
        # The lock dies with its holder, however that ends; a file with a process id would outlive it.
        flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
        lock = os.open(self.path / LOCK_NAME, flags, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(lock)
            raise FolderInUseError(self.path) from None
        self._lock = lock
