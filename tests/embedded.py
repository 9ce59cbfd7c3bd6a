"""Real servers for tests: one set for each process of a run, one database for each test that asks.

A server named by DATABASE_URL or CELERY_BROKER_URL is used instead of an embedded one; PAYDAY_TEST_PG_BIN
names the programs' folder of another PostgreSQL than the wheel's.
"""

import contextlib
import os
import shutil
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

import psycopg2
import psycopg2.extensions
import pytest
import redis
from psycopg2 import sql

from deploy.local.account import server_account
from deploy.local.folder import DataFolder
from deploy.local.postgres import Postgres
from deploy.local.valkey import Valkey

ROLE = "payday"
# Of a broker that is given, tests use (and empty) the last databases only: one for each process.
LAST_BROKER_DATABASE = 15
# Of the monthly partitions that a new database has, tests keep the first: with all of them a copy takes twice as
# long, and each connection's first queries too.
MONTHS = 4


class DatabaseServer:
    """A PostgreSQL on which tests make databases, as a role that is no superuser when it is embedded."""

    def __init__(self, url: str) -> None:
        self._url = url.replace("postgresql+psycopg2://", "postgresql://", 1)
        self._left: list[str] = []

    def url(self, database: str) -> str:
        """The address of `database`, as `postgresql://`."""
        return urlsplit(self._url)._replace(path=f"/{database}").geturl()

    def create(self, template: str | None = None) -> str:
        """Make a database with a fresh name, a copy of `template` if that is given; its name."""
        name = f"test_{uuid.uuid4().hex}"
        with self._cursor() as cursor:
            cursor.execute(
                # Files are copied in half the time that it takes to write all of them to the WAL.
                sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY FILE_COPY").format(
                    sql.Identifier(name), sql.Identifier(template or "template1")
                )
            )
            if template:
                self._copy_role_settings(cursor, template, name)
        return name

    def drop(self, name: str) -> None:
        """Drop a database, whoever is still connected to it."""
        with self._cursor() as cursor:
            cursor.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))

    def leave(self, name: str) -> None:
        """Drop a database when the next is left: by then its connections are gone, which each cost a tenth of a second
        to wait for."""
        self.drop_left()
        self._left.append(name)

    def drop_left(self) -> None:
        """Drop what was left."""
        while self._left:
            self.drop(self._left.pop())

    @contextlib.contextmanager
    def _cursor(self) -> Iterator[psycopg2.extensions.cursor]:
        with contextlib.closing(psycopg2.connect(self._url)) as connection:
            connection.autocommit = True
            with connection.cursor() as cursor:
                yield cursor

    @staticmethod
    def _copy_role_settings(cursor: psycopg2.extensions.cursor, template: str, name: str) -> None:
        """Settings of a role in a database are no part of the database: a copy comes without them."""
        cursor.execute(
            "SELECT unnest(setconfig) FROM pg_db_role_setting JOIN pg_database d ON d.oid = setdatabase"
            " WHERE datname = %s AND setrole = to_regrole(current_user)::oid",
            [template],
        )
        for (setting,) in cursor.fetchall():
            variable, _, value = setting.partition("=")
            command = sql.SQL("ALTER ROLE CURRENT_USER IN DATABASE {} SET {} TO {}")
            cursor.execute(command.format(sql.Identifier(name), sql.Identifier(variable), sql.Literal(value)))


@pytest.fixture(scope="session")
def server_folder() -> Iterator[Path]:
    """A folder for servers' files that the servers' user can reach, which pytest's own are not for root."""
    path = Path(tempfile.mkdtemp(prefix="payday-test-"))
    folder = DataFolder(path, server_account())
    folder.open()
    yield folder.path
    folder.close()
    shutil.rmtree(path)


@pytest.fixture(scope="session")
def postgres_server(server_folder: Path) -> Iterator[DatabaseServer]:
    """The PostgreSQL of this process's tests."""
    given = os.environ.get("DATABASE_URL")
    if given:
        server = DatabaseServer(given)
        yield server
        server.drop_left()
        return
    bin_dir = os.environ.get("PAYDAY_TEST_PG_BIN")
    postgres = Postgres(
        server_folder / "postgres",
        bin_dir=Path(bin_dir) if bin_dir else None,
        durable=False,
        settings={"shared_buffers": "128MB"},
    )
    postgres.start()
    postgres.ensure_role(ROLE)
    with contextlib.closing(psycopg2.connect(postgres.url())) as connection, connection, connection.cursor() as cursor:
        # To drop a database on which an autovacuum worker is busy.
        cursor.execute(f"GRANT pg_signal_backend TO {ROLE}")
    yield DatabaseServer(postgres.url(role=ROLE))
    postgres.stop("immediate")


@pytest.fixture(scope="session")
def template_database(postgres_server: DatabaseServer) -> Iterator[str]:
    """The name of a migrated database that tests copy."""
    from shared.db import migrate  # only tests that need a database need the migrations

    name = postgres_server.create()
    migrate.upgrade(postgres_server.url(name))
    _drop_later_months(postgres_server.url(name))
    yield name
    postgres_server.drop(name)


def _drop_later_months(url: str) -> None:
    """Leaves the months before the next but one; what is later goes into the default partitions."""
    with contextlib.closing(psycopg2.connect(url)) as connection, connection, connection.cursor() as cursor:
        for table in ("event", "transaction"):
            cursor.execute(
                "SELECT relname FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid"
                " WHERE inhparent = %s::regclass AND relname LIKE %s ORDER BY relname",
                [table, f"{table}_2%"],
            )
            for (name,) in cursor.fetchall()[MONTHS:]:
                cursor.execute(sql.SQL("DROP TABLE {}").format(sql.Identifier(name)))


@pytest.fixture
def database_url(postgres_server: DatabaseServer, template_database: str) -> Iterator[str]:
    """The address of a migrated database of the test's own, `postgresql://`."""
    name = postgres_server.create(template_database)
    yield postgres_server.url(name)
    postgres_server.leave(name)


@contextlib.contextmanager
def running_valkey(
    server_folder: Path, name: str, eviction: Literal["noeviction", "allkeys-lru"], maxmemory: str
) -> Iterator[Valkey]:
    """A Valkey of whoever asks, in a folder of that name."""
    folder = DataFolder(server_folder, server_account()).server_folder(name)
    server = Valkey(folder, eviction=eviction, maxmemory=maxmemory, persistent=False)
    server.start()
    try:
        yield server
    finally:
        server.stop()


@contextlib.contextmanager
def running_postgres(server_folder: Path, name: str, *, durable: bool) -> Iterator[Postgres]:
    """A PostgreSQL of whoever asks, with a migrated database `payday` of the role of that name."""
    postgres = Postgres(server_folder / name, durable=durable, settings={"shared_buffers": "64MB"})
    postgres.start()
    try:
        postgres.ensure_role(ROLE)
        postgres.ensure_database(ROLE, ROLE)
        from shared.db import migrate  # only tests that need a database need the migrations

        migrate.upgrade(postgres.url(ROLE, ROLE))
        yield postgres
    finally:
        postgres.stop("immediate")


@pytest.fixture(scope="session")
def broker(server_folder: Path) -> Iterator[Valkey]:
    """The embedded broker of this process's tests, also for those that kill and restart it."""
    with running_valkey(server_folder, "broker", "noeviction", "256mb") as server:
        yield server


@pytest.fixture
def broker_url(request: pytest.FixtureRequest) -> str:
    """The address of an empty broker; one that is given and speaks no Redis is used as it is."""
    given = os.environ.get("CELERY_BROKER_URL")
    if not given:
        url = str(request.getfixturevalue("broker").url)
        with redis.Redis.from_url(url) as client:
            client.flushall()
        return url
    if not given.startswith(("redis://", "rediss://")):
        return given
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    url = urlsplit(given)._replace(path=f"/{LAST_BROKER_DATABASE - worker}").geturl()
    with redis.Redis.from_url(url) as client:
        client.flushdb()
    return url


@pytest.fixture(scope="session")
def cache(server_folder: Path) -> Iterator[Valkey]:
    """The embedded cache of this process's tests, also for those that freeze it."""
    with running_valkey(server_folder, "cache", "allkeys-lru", "64mb") as server:
        yield server


@pytest.fixture
def cache_url(cache: Valkey) -> str:
    """The address of an empty cache."""
    with redis.Redis.from_url(cache.url) as client:
        client.flushall()
    return cache.url
