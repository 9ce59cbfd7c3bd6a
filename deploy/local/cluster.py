"""The files of a PostgreSQL cluster: made whole or not at all."""

import contextlib
import secrets
import shutil
import signal
import tempfile
from pathlib import Path

from deploy.local.account import Account, give
from deploy.local.loopback import SERVER_ENVIRONMENT
from deploy.local.orphans import wait_until_unknown
from deploy.local.processes import ChildProcess

PASSWORD_NAME = "payday.password"  # noqa: S105 - the name of a file
INITDB_SECONDS = 120.0


def ensure_cluster(data_dir: Path, bin_dir: Path, account: Account | None, *, durable: bool) -> None:
    """Make a cluster in `data_dir` unless there is one; its password stands in a file within.

    It is made under another name and renamed, so that a killed initdb leaves nothing that looks like a
    cluster. Raises ChildFailedError.
    """
    _remove_unfinished(data_dir)
    if data_dir.exists():
        return
    workshop = Path(tempfile.mkdtemp(prefix=f".{data_dir.name}.new-", dir=data_dir.parent))
    password = workshop / PASSWORD_NAME
    password.touch(mode=0o600)
    password.write_text(secrets.token_hex(16))
    for path in (password, workshop):
        give(path, account)
    initdb = ChildProcess(
        name="initdb",
        command=_initdb_command(workshop / "cluster", password, bin_dir, durable=durable),
        log_path=data_dir.with_name(f"{data_dir.name}.log"),
        env=SERVER_ENVIRONMENT,
        cwd=Path("/"),
        account=account,
        # When we are killed it shall not tidy up while the next run does.
        stop_signal=signal.SIGKILL,
    )
    with initdb:
        if initdb.wait(INITDB_SECONDS) != 0:
            initdb.check()
    password.rename(workshop / "cluster" / PASSWORD_NAME)
    (workshop / "cluster").rename(data_dir)
    workshop.rmdir()


def password_of(data_dir: Path) -> str:
    """The password of all roles of the cluster in `data_dir`."""
    return (data_dir / PASSWORD_NAME).read_text()


def _remove_unfinished(data_dir: Path) -> None:
    for workshop in data_dir.parent.glob(f".{data_dir.name}.new-*"):
        wait_until_unknown(workshop / "cluster")
        _remove(workshop)


def _remove(folder: Path) -> None:
    """Also what somebody who is ending takes away meanwhile."""
    while folder.exists():
        with contextlib.suppress(FileNotFoundError):
            shutil.rmtree(folder)


def _initdb_command(folder: Path, password: Path, bin_dir: Path, *, durable: bool) -> list[str | Path]:
    # A password, also on the loopback: whoever is superuser here runs programs as the servers' user.
    login = ["--auth=scram-sha-256", "--username=postgres", f"--pwfile={password}"]
    encoding = ["--encoding=UTF8", "--locale=C.UTF-8"]
    return [bin_dir / "initdb", "-D", folder, *login, *encoding, *([] if durable else ["--no-sync"])]
