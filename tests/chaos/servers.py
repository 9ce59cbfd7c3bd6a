"""PostgreSQL, broker and cache of one run: of its own, because they are killed, frozen and filled up."""

from __future__ import annotations

import contextlib
import shutil
from pathlib import Path

import amqp
import psycopg2
import redis

from deploy.local.account import server_account
from deploy.local.errors import ChildFailedError
from deploy.local.folder import DataFolder
from deploy.local.postgres import Postgres
from deploy.local.valkey import Valkey
from shared.db import migrate
from tests.chaos.disk import Disk
from tests.chaos.options import REDIS
from tests.chaos.signals import children
from tests.rabbit import MEND, Rabbit, installed
from tests.world import WATCH

QUEUES = ("dispatch", "pay", "bulk", "upkeep")
ROLE = DATABASE = "payday"
# Little write-ahead log, so that a full disk is soon noticed; synced at once, as in earnest.
SETTINGS = {"min_wal_size": "32MB", "max_wal_size": "64MB", "shared_buffers": "64MB"}


class Servers:
    """All started in `folder`, with a migrated database that notes each change of an event's status."""

    def __init__(self, folder: Path, broker: str) -> None:
        self.folder = folder
        self._held = DataFolder(folder, server_account())
        self._held.open()
        self.disk = Disk(self._held.server_folder("disk"))
        self.postgres = Postgres(self.disk.folder / "postgres", durable=True, settings=SETTINGS)
        self.broker = _broker(broker, self._held.server_folder("broker"))
        cache = self._held.server_folder("cache")
        self.cache = Valkey(cache, eviction="allkeys-lru", maxmemory="32mb", persistent=False)
        self.postgres.start()
        self.broker.start()
        self.cache.start()
        self.postgres.ensure_role(ROLE)
        self.postgres.ensure_database(DATABASE, ROLE)
        migrate.upgrade(self.database_url)
        with contextlib.closing(psycopg2.connect(self.database_url)) as connection, connection:
            connection.cursor().execute(WATCH)

    @property
    def database_url(self) -> str:
        return self.postgres.url(DATABASE, ROLE)

    @property
    def postgres_processes(self) -> list[int]:
        """The server and all that it started."""
        pid = self.postgres.pid
        return [pid, *children(pid)] if pid else []

    def forget_messages(self) -> None:
        """Whatever waits in the broker's queues is gone."""
        if isinstance(self.broker, Valkey):
            with self.command() as broker:
                broker.flushall()
            return
        with self.broker.channel() as channel:
            for queue in QUEUES:
                with contextlib.suppress(amqp.NotFound):
                    channel.queue_purge(queue)

    def command(self) -> redis.Redis:
        """A client of a Redis that gives up soon."""
        return redis.Redis.from_url(self.broker.url, socket_timeout=2, socket_connect_timeout=2)

    def cache_client(self) -> redis.Redis:
        """A client of the cache that gives up soon."""
        return redis.Redis.from_url(self.cache.url, socket_timeout=1, socket_connect_timeout=1)

    def superuser(self, database: str = "postgres") -> psycopg2.extensions.connection:
        """A connection that may look at others and end them; it gives up soon."""
        connection = psycopg2.connect(self.postgres.url(database), connect_timeout=2, options="-c lock_timeout=2s")
        connection.autocommit = True
        return connection

    def tend(self) -> list[str]:
        """Starts again what ended by itself; answers the names."""
        ended = []
        for server in (self.postgres, self.broker, self.cache):
            try:
                server.check()
            except ChildFailedError:
                server.kill()
                server.start()
                ended.append(server.name)
        return ended

    def close(self) -> None:
        """Stops all; their logs stay in the folder, also that of the one on the mount."""
        self.postgres.stop("immediate")
        if isinstance(self.broker, Rabbit):
            self.broker.close()
        self.broker.stop()
        self.cache.stop()
        log = self.postgres.data_dir.with_name("postgres.log")
        with contextlib.suppress(OSError):
            shutil.copy(log, self.folder / "postgres.log")
        self.disk.close()
        self._held.close()


def _broker(name: str, folder: Path) -> Valkey | Rabbit:
    if name == REDIS:
        return Valkey(folder, eviction="noeviction", maxmemory="64mb", persistent=False)
    program = installed()
    if program is None:
        raise FileNotFoundError(MEND)
    return Rabbit(folder, program)
