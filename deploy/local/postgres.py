"""An embedded PostgreSQL server."""

import contextlib
import signal
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal

import psycopg2
from psycopg2 import sql

from deploy.local.binaries import embedded_postgres
from deploy.local.cluster import ensure_cluster, password_of
from deploy.local.loopback import LoopbackServer
from deploy.local.orphans import read_pid, stop_orphan, wait_until_abandoned
from deploy.local.ports import LOOPBACK

SUPERUSER = "postgres"
# SIGTERM would be the third way: it waits until every client has gone.
STOP_SIGNALS = {"fast": signal.SIGINT, "immediate": signal.SIGQUIT}
SETTINGS = {
    "listen_addresses": LOOPBACK,
    "unix_socket_directories": "",
    "max_connections": "200",
    "shared_buffers": "256MB",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "%m [%p] %q%u@%d ",
}
# Loses data when the machine, not when the server stops: for tests only.
NOT_DURABLE = {"fsync": "off", "full_page_writes": "off"}
PID_NAME = "postmaster.pid"
# Counted from 0; pg_ctl looks at the same (src/include/utils/pidfile.h).
READY_LINE = 7
# What ends by itself: another program took the port; children of a killed server have not ended yet.
PASSING_TROUBLE = ("Address already in use", "pre-existing shared memory block")


class Postgres(LoopbackServer):
    """One cluster in `data_dir`, whose parent folder must exist, and the server that runs on it.

    `bin_dir` names another PostgreSQL's programs than the wheel's; `settings` adds to or replaces SETTINGS.
    """

    name = "PostgreSQL"
    stop_signal = STOP_SIGNALS["fast"]
    # Long enough to go through the log again after a crash under load.
    start_seconds = 120.0
    stop_seconds = 60.0

    def __init__(
        self,
        data_dir: Path,
        *,
        bin_dir: Path | None = None,
        durable: bool = True,
        settings: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(data_dir)
        self._bin_dir = bin_dir or embedded_postgres(self._account)
        self._durable = durable
        self._settings = SETTINGS | ({} if durable else NOT_DURABLE) | dict(settings or {})

    def stop(self, mode: Literal["fast", "immediate"] = "fast") -> None:
        """Stop it: `fast` in an orderly way, `immediate` at once, as after a crash."""
        if self._child is not None:
            self._child.terminate(self.stop_seconds, STOP_SIGNALS[mode])
            self._child = None

    def url(self, database: str = "postgres", role: str = SUPERUSER) -> str:
        """The address of `database` for `role`, as `postgresql://`; all roles have one password."""
        return f"postgresql://{role}:{password_of(self.data_dir)}@{LOOPBACK}:{self.port}/{database}"

    def ensure_role(self, name: str) -> None:
        """Make a role `name`, no superuser but allowed to create databases, unless it is there."""
        with self._cursor() as cursor:
            cursor.execute("SELECT FROM pg_roles WHERE rolname = %s", [name])
            if not cursor.rowcount:
                command = sql.SQL("CREATE ROLE {} LOGIN CREATEDB PASSWORD {}")
                password = sql.Literal(password_of(self.data_dir))
                cursor.execute(command.format(sql.Identifier(name), password))

    def ensure_database(self, name: str, owner: str) -> None:
        """Make a database `name` of the role `owner`, unless it is there."""
        with self._cursor() as cursor:
            cursor.execute("SELECT FROM pg_database WHERE datname = %s", [name])
            if not cursor.rowcount:
                command = sql.SQL("CREATE DATABASE {} OWNER {}")
                cursor.execute(command.format(sql.Identifier(name), sql.Identifier(owner)))

    @contextlib.contextmanager
    def _cursor(self) -> Iterator[Any]:
        with contextlib.closing(psycopg2.connect(self.url())) as connection:
            connection.autocommit = True
            with connection.cursor() as cursor:
                yield cursor

    def _prepare(self) -> None:
        ensure_cluster(self.data_dir, self._bin_dir, self._account, durable=self._durable)
        lock = self.data_dir / PID_NAME
        if not lock.exists():
            return
        pid = read_pid(lock)
        if pid is None or not stop_orphan(pid, "postgres", self.data_dir, self.stop_signal):
            # PostgreSQL refuses to start when the file is empty, or when the number now belongs to any other
            # living process; but the file is also how it knows of children that outlived their server.
            wait_until_abandoned(self.data_dir)
            lock.unlink(missing_ok=True)

    def _command(self, port: int) -> list[str | Path]:
        settings = self._settings | {"port": str(port)}
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        return [self._bin_dir / "postgres", "-D", self.data_dir, *options]

    def _answers(self, port: int, pid: int) -> bool:
        # Looked up, not tried: a stranger on the same port might let a connection wait for ever.
        try:
            lines = (self.data_dir / PID_NAME).read_text().splitlines()
        except FileNotFoundError:
            return False
        return len(lines) > READY_LINE and lines[0] == str(pid) and lines[READY_LINE].strip() == "ready"

    def _may_try_again(self, log_tail: str) -> bool:
        return any(trouble in log_tail for trouble in PASSING_TROUBLE)
