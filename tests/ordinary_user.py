"""Running our commands as a user without privileges, also when root runs the tests."""

from __future__ import annotations

import os
import pwd
import site
import sys
from pathlib import Path

from deploy.local.account import Account

ROOT = Path(__file__).parent.parent
AS_ROOT = os.geteuid() == 0


def ordinary_user() -> tuple[Account, str] | None:
    """An unprivileged user, and an interpreter of our version that it can run on our files; None: there is none."""
    entry = pwd.getpwnam("nobody") if AS_ROOT else pwd.getpwuid(os.geteuid())
    account = Account(entry.pw_name, entry.pw_uid, entry.pw_gid)
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    candidates = [Path(sys.executable), *(Path(folder) / version for folder in ("/usr/local/bin", "/usr/bin"))]
    programs = [str(path) for path in candidates if path.exists() and not account.blocked_by(path.resolve())]
    blocked = account.blocked_by(ROOT / "x") + account.blocked_by(Path(site.getsitepackages()[0]) / "x")
    return (account, programs[0]) if programs and not blocked else None
