import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg2
import pytest

from deploy.local.binaries import installed_postgres
from deploy.local.errors import ChildFailedError
from deploy.local.folder import DataFolder
from deploy.local.ports import LOOPBACK, free_port
from deploy.local.postgres import Postgres
from deploy.local.processes import wait_for

SMALL = {"shared_buffers": "16MB"}


def query(url: str, statement: str) -> object:
    with contextlib.closing(psycopg2.connect(url)) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(statement)
            row = cursor.fetchone() if cursor.description else None
            return row[0] if row else None


@pytest.fixture
def postgres(lasting: Path) -> Iterator[Postgres]:
    """Not started; on a cluster that other tests have used."""
    server = Postgres(lasting / "postgres", durable=False, settings=SMALL)
    yield server
    server.stop("immediate")


def test_a_server_is_durable_and_alone_on_the_loopback_unless_told_otherwise(folder: DataFolder) -> None:
    server = Postgres(folder.path / "postgres", settings=SMALL)
    server.start()
    try:
        names = ("fsync", "full_page_writes", "synchronous_commit", "listen_addresses", "unix_socket_directories")
        shown = [query(server.url(), f"SHOW {name}") for name in names]
        assert shown == ["on", "on", "on", "127.0.0.1", ""]
        assert [query(server.url(), f"SHOW {name}") for name in ("max_connections", "timezone")] == ["200", "UTC"]
        assert query(server.url(), "SELECT datcollate || pg_encoding_to_char(encoding) FROM pg_database") == (
            "C.UTF-8UTF8"
        )
        assert str(query(server.url(), "SHOW server_version")).startswith("18.")
    finally:
        server.stop()


def test_only_who_knows_the_password_gets_in(postgres: Postgres) -> None:
    postgres.start()
    with pytest.raises(psycopg2.OperationalError, match="password authentication failed"):
        psycopg2.connect(host=LOOPBACK, port=postgres.port, user="postgres", password="guess", dbname="postgres")


def test_a_role_owns_its_database_and_is_no_superuser(postgres: Postgres) -> None:
    postgres.start()
    for _ in range(2):
        postgres.ensure_role("payday")
        postgres.ensure_database("payday", owner="payday")
    url = postgres.url("payday", role="payday")
    assert query(url, "SHOW is_superuser") == "off"
    query(url, "CREATE TABLE kept ()")
    query(url, "CREATE DATABASE another")


def test_a_killed_server_starts_again_on_its_port_with_what_was_committed(postgres: Postgres) -> None:
    postgres.start()
    url = postgres.url()
    query(url, "CREATE TABLE committed AS SELECT 7 AS number")
    postgres.kill()
    with pytest.raises(psycopg2.OperationalError):
        psycopg2.connect(url)
    postgres.start()
    assert query(url, "SELECT number FROM committed") == 7
    postgres.restart()
    assert query(url, "SELECT number FROM committed") == 7


def test_a_stop_does_not_wait_for_clients(postgres: Postgres) -> None:
    postgres.start()
    with contextlib.closing(psycopg2.connect(postgres.url())) as connection, connection.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE never_committed ()")
        pid = postgres.pid
        postgres.stop()
    assert not Path(f"/proc/{pid}").exists()


@pytest.mark.parametrize("left", ["{ours}\n/elsewhere\n", "", "rubbish\n"])
def test_a_pid_file_of_an_earlier_run_does_not_keep_the_server_from_starting(postgres: Postgres, left: str) -> None:
    """The number may have gone to another living process, here to this one."""
    postgres.start()
    postgres.kill()
    (postgres.data_dir / "postmaster.pid").write_text(left.format(ours=os.getpid()))
    postgres.start()
    assert query(postgres.url(), "SELECT 1") == 1


def test_a_server_that_lost_its_parent_is_stopped_before_a_new_one_starts(postgres: Postgres) -> None:
    postgres.start()
    lost_pid = postgres.pid
    query(postgres.url(), "CREATE TABLE kept AS SELECT 7 AS number")
    successor = Postgres(postgres.data_dir, durable=False, settings=SMALL)
    successor.start()
    try:
        with pytest.raises(ChildFailedError, match="ended with status 0"):
            postgres.check()
        assert successor.pid != lost_pid
        assert query(successor.url(), "SELECT number FROM kept") == 7
    finally:
        successor.stop("immediate")


def test_a_cluster_killed_while_it_was_made_is_made_again(folder: DataFolder) -> None:
    postgres = Postgres(folder.path / "postgres", durable=False, settings=SMALL)
    source = f"""
from pathlib import Path
from deploy.local.postgres import Postgres
Postgres(Path("{postgres.data_dir}"), durable=False).start()
"""
    unfinished = postgres.data_dir.parent.glob
    for _ in range(10):  # again, where a slow machine looked when it was made already
        with subprocess.Popen([sys.executable, "-c", source]) as maker:
            assert wait_for(lambda: postgres.data_dir.exists() or any(unfinished(".postgres.new-*/cluster/base")), 60)
            maker.send_signal(signal.SIGKILL)
        if not postgres.data_dir.exists():
            break
        postgres.start()
        postgres.stop("immediate")
        shutil.rmtree(postgres.data_dir)
    assert not postgres.data_dir.exists()
    postgres.start()
    try:
        assert query(postgres.url(), "SELECT 1") == 1
        assert not any(unfinished(".postgres.new-*"))
    finally:
        postgres.stop("immediate")


def test_another_port_is_taken_when_somebody_was_faster(postgres: Postgres, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as faster:
        faster.bind((LOOPBACK, free_port()))
        faster.listen()
        taken, free = faster.getsockname()[1], free_port()
        choices = iter([taken, free])
        monkeypatch.setattr("deploy.local.loopback.free_port", lambda: next(choices))
        postgres.start()
    assert postgres.port == free
    assert query(postgres.url(), "SELECT 1") == 1


def test_a_server_that_cannot_start_says_why(lasting: Path) -> None:
    server = Postgres(lasting / "postgres", durable=False, settings={"shared_buffers": "plenty"})
    with pytest.raises(ChildFailedError, match="shared_buffers"):
        server.start()


@pytest.mark.all
def test_the_oldest_supported_postgres_of_the_system_can_be_driven_too(folder: DataFolder) -> None:
    bin_dir = installed_postgres(15)
    assert bin_dir, "PostgreSQL 15 is not installed: apt-get install postgresql-15"
    server = Postgres(folder.path / "postgres", bin_dir=bin_dir, settings=SMALL)
    server.start()
    try:
        assert str(query(server.url(), "SHOW server_version")).startswith("15.")
    finally:
        server.stop()
