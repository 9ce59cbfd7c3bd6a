"""A RabbitMQ of the tests' own, from the system's package; it needs no root and touches no other broker."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import uuid
from collections.abc import Iterator
from pathlib import Path

import amqp
import pytest

from deploy.local.account import server_account
from deploy.local.folder import DataFolder
from deploy.local.loopback import SERVER_ENVIRONMENT, LoopbackServer
from deploy.local.ports import LOOPBACK, free_port, is_free
from deploy.local.processes import ChildProcess

# Not the wrapper on the PATH: that one insists on being root or the user rabbitmq.
INSTALLED = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")
MEND = (
    "RabbitMQ was not found: install it (Debian: apt-get install rabbitmq-server), or set PAYDAY_TEST_RABBITMQ to"
    " its program rabbitmq-server"
)
HEADER = b"AMQP\x00\x00\x09\x01"
NAMES_SECONDS = 10.0
QUEUES = ("dispatch", "pay", "bulk", "upkeep", "payday.dead")
EXCHANGES = ("payday", "payday.dead")


class Rabbit(LoopbackServer):
    """One node in `data_dir`, which must exist and belong to the servers' account, with a name server of its own."""

    name = "RabbitMQ"
    start_seconds = 90.0
    stop_seconds = 60.0

    def __init__(self, data_dir: Path, program: Path) -> None:
        super().__init__(data_dir)
        self._program = program
        self._node = f"payday-{uuid.uuid4().hex[:8]}"
        self._names_port = 0
        self._node_port = 0
        self._names: ChildProcess | None = None

    @property
    def url(self) -> str:
        """Its address as the user that a new node has, from this host only."""
        return f"amqp://guest:guest@{LOOPBACK}:{self.port}//"

    def close(self) -> None:
        """Stop the node and its name server."""
        self.stop()
        if self._names is not None:
            self._names.terminate()
            self._names = None

    @contextlib.contextmanager
    def channel(self) -> Iterator[amqp.Channel]:
        """A channel to look at it and to do harm."""
        with amqp.Connection(f"{LOOPBACK}:{self.port}", connect_timeout=5) as connection:
            yield connection.channel()

    def waiting(self, queue: str) -> int:
        """How many messages are ready in a queue; 0 when there is none of that name."""
        with self.channel() as channel:
            try:
                return int(channel.queue_declare(queue, passive=True).message_count)
            except amqp.NotFound:
                return 0

    def forget(self) -> None:
        """Empty it of what Payday declares."""
        with self.channel() as channel:
            for queue in QUEUES:
                channel.queue_delete(queue)
            for exchange in EXCHANGES:
                channel.exchange_delete(exchange)

    def _prepare(self) -> None:
        # The name server that Erlang starts by itself is a daemon for all: it would outlive the tests.
        if self._names is None:
            self._names_port, self._node_port = free_port(), free_port()
            self._names = ChildProcess(
                name="epmd",
                command=[_names_program(), "-port", str(self._names_port), "-address", LOOPBACK],
                log_path=self.data_dir.with_name(f"{self.data_dir.name}-names.log"),
                env=SERVER_ENVIRONMENT,
                cwd=Path("/"),
                account=self._account,
            )
            self._names.start()
            self._names.wait_until(lambda: not is_free(self._names_port), NAMES_SECONDS)

    def _command(self, port: int) -> list[str | Path]:
        settings = {
            "HOME": self.data_dir,
            "ERL_EPMD_PORT": self._names_port,
            "ERL_CRASH_DUMP_BYTES": 0,
            "RABBITMQ_DIST_PORT": self._node_port,
            "RABBITMQ_NODENAME": f"{self._node}@localhost",
            "RABBITMQ_NODE_IP_ADDRESS": LOOPBACK,
            "RABBITMQ_NODE_PORT": port,
            "RABBITMQ_MNESIA_BASE": self.data_dir / "mnesia",
            "RABBITMQ_LOG_BASE": self.data_dir / "log",
            "RABBITMQ_LOGS": "-",
            "RABBITMQ_ENABLED_PLUGINS_FILE": self.data_dir / "plugins",
            "RABBITMQ_CONFIG_FILE": self.data_dir / "rabbitmq",
            "RABBITMQ_CONF_ENV_FILE": "/dev/null",
            # The tests' processor time is not for an idle virtual machine that waits by turning in circles.
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "+sbwt none +sbwtdcpu none +sbwtdio none",
            # Erlang itself instead of a shell that waits for it, so that our child is the server.
            "RABBITMQ_ALLOW_INPUT": "1",
        }
        return ["/usr/bin/env", *(f"{name}={value}" for name, value in settings.items()), self._program, "-noinput"]

    def _answers(self, port: int, pid: int) -> bool:
        try:
            with socket.create_connection((LOOPBACK, port), 1.0) as connection:
                connection.sendall(HEADER)
                # Its greeting has the node's name (not its host): another server that took the port is not ours.
                return self._node.encode() in connection.recv(65_536)
        except OSError:
            return False

    def _may_try_again(self, log_tail: str) -> bool:
        return "eaddrinuse" in log_tail


def _names_program() -> str:
    """Erlang's name server, by its whole path: the servers' account may not be able to look for it."""
    return shutil.which("epmd") or "/usr/bin/epmd"


def installed() -> Path | None:
    """The server's program; None where there is none."""
    given = os.environ.get("PAYDAY_TEST_RABBITMQ")
    program = Path(given) if given else INSTALLED
    return program if program.exists() else None


@pytest.fixture(scope="session")
def rabbit_server(server_folder: Path) -> Iterator[Rabbit]:
    """The RabbitMQ of this process's tests."""
    program = installed()
    if program is None:
        pytest.skip(MEND)
    server = Rabbit(DataFolder(server_folder, server_account()).server_folder("rabbit"), program)
    server.start()
    yield server
    server.close()


@pytest.fixture
def rabbit(rabbit_server: Rabbit) -> Rabbit:
    """A RabbitMQ without queues, for a test that may also stop and start it."""
    rabbit_server.forget()
    return rabbit_server
