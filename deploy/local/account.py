"""The system account that embedded servers run as."""

import os
import pwd
import stat
from dataclasses import dataclass
from pathlib import Path

from deploy.local.errors import MissingServerError

UNPRIVILEGED_NAME = "nobody"


@dataclass(frozen=True)
class Account:
    """A system user other than our own."""

    name: str
    uid: int
    gid: int

    def owns(self, path: Path) -> bool:
        """Whether this user owns what stands at `path`."""
        return path.stat().st_uid == self.uid

    def can_enter(self, folder: Path) -> bool:
        """Whether the permission bits let this user pass through `folder`; access lists are not looked at."""
        found = folder.stat()
        if found.st_uid == self.uid:
            return bool(found.st_mode & stat.S_IXUSR)
        if found.st_gid == self.gid:
            return bool(found.st_mode & stat.S_IXGRP)
        return bool(found.st_mode & stat.S_IXOTH)

    def blocked_by(self, path: Path) -> list[Path]:
        """The existing folders above `path` that this user cannot pass, outermost first."""
        return [folder for folder in reversed(path.parents) if folder.is_dir() and not self.can_enter(folder)]


def server_account() -> Account | None:
    """The account for the servers: None, which is our own, unless we are root; PostgreSQL refuses root.

    Raises MissingServerError when the system has no unprivileged user.
    """
    if os.geteuid() != 0:
        return None
    try:
        entry = pwd.getpwnam(UNPRIVILEGED_NAME)
    except KeyError:
        raise MissingServerError(
            f"PostgreSQL refuses to run as root and there is no user '{UNPRIVILEGED_NAME}': "
            "start this as an ordinary user, or add that user"
        ) from None
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)


def give(path: Path, account: Account | None) -> None:
    """Make `account` the owner of `path`; None leaves it ours."""
    if account is not None:
        os.chown(path, account.uid, account.gid)
