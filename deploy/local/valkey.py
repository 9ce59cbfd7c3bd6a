"""An embedded Valkey server, which speaks Redis."""

import socket
import time
from pathlib import Path
from typing import Literal

from deploy.local.binaries import embedded_valkey
from deploy.local.loopback import LoopbackServer
from deploy.local.orphans import read_pid, stop_orphan
from deploy.local.ports import LOOPBACK

PID_NAME = "valkey.pid"
CONNECT_SECONDS = 1.0
LOG_FOLDER_NAME = "appendonlydir"
PORT_TAKEN = "Failed listening on port"
LOG_DAMAGED = "append only file"


class Valkey(LoopbackServer):
    """One server in `data_dir`, a folder that must exist and belong to the servers' account.

    `persistent` writes every change to an append-only log, synced once a second. There is no password.
    """

    name = "Valkey"
    start_seconds = 30.0
    stop_seconds = 20.0

    def __init__(
        self,
        data_dir: Path,
        *,
        eviction: Literal["noeviction", "allkeys-lru"],
        maxmemory: str,
        persistent: bool,
    ) -> None:
        super().__init__(data_dir)
        self._eviction = eviction
        self._maxmemory = maxmemory
        self._persistent = persistent
        self._program = embedded_valkey(self._account)

    @property
    def url(self) -> str:
        """Its address, database 0."""
        return f"redis://{LOOPBACK}:{self.port}/0"

    def _prepare(self) -> None:
        pid = read_pid(self.data_dir / PID_NAME)
        if pid is not None:
            stop_orphan(pid, self._program.name, self.data_dir, self.stop_signal)

    def _command(self, port: int) -> list[str | Path]:
        options: dict[str, str | Path] = {
            "port": str(port),
            "bind": LOOPBACK,
            "dir": self.data_dir,
            "pidfile": self.data_dir / PID_NAME,
            # Keeps the folder in the command that `ps` shows, by which a lost server is recognised.
            "set-proc-title": "no",
            "save": "",
            "appendonly": "yes" if self._persistent else "no",
            "appendfsync": "everysec",
            "maxmemory": self._maxmemory,
            "maxmemory-policy": self._eviction,
        }
        return [self._program, *(part for name, value in options.items() for part in (f"--{name}", value))]

    def _answers(self, port: int, pid: int) -> bool:
        # Inline commands are older than the protocol and need no client.
        try:
            with socket.create_connection((LOOPBACK, port), CONNECT_SECONDS) as connection:
                connection.sendall(b"INFO server persistence\r\n")
                answer = connection.recv(65_536).decode(errors="replace").splitlines()
        except OSError:
            return False
        return f"process_id:{pid}" in answer and "loading:0" in answer

    def _may_try_again(self, log_tail: str) -> bool:
        if PORT_TAKEN in log_tail:
            return True
        log_folder = self.data_dir / LOG_FOLDER_NAME
        if LOG_DAMAGED not in log_tail or not log_folder.exists():
            return False
        # A cut tail is mended by the server; this is worse. Messages only wake workers and the database knows
        # what is due: start without them, and keep the files for whoever wants to look.
        log_folder.rename(log_folder.with_name(f"{LOG_FOLDER_NAME}.damaged-{time.time_ns()}"))
        return True
