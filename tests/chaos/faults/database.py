"""PostgreSQL: restarted as after a crash, its backends ended, frozen, out of disk."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from random import Random

import psycopg2

from tests.chaos.faults.kind import Kind
from tests.chaos.servers import DATABASE
from tests.chaos.signals import frozen
from tests.chaos.site import Site

EVERY_SECONDS = 0.1
MINUTE = 60.0

END_SOME = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s AND pid <> pg_backend_pid()
ORDER BY md5(pid::text || %s) LIMIT %s
"""


def restarted(site: Site, rng: Random) -> Iterator[None]:
    site.servers.postgres.stop("immediate")
    site.servers.postgres.start()
    yield


def backends_ended(site: Site, rng: Random) -> Iterator[None]:
    """Some of them every 100 ms."""
    while True:
        with contextlib.suppress(psycopg2.Error), contextlib.closing(site.servers.superuser()) as connection:
            connection.cursor().execute(END_SOME, [DATABASE, str(rng.random()), rng.randint(1, 3)])
        ended_at = time.monotonic()
        while time.monotonic() < ended_at + EVERY_SECONDS:
            yield


def all_frozen(site: Site, rng: Random) -> Iterator[None]:
    yield from frozen(site.servers.postgres_processes)


def disk_full(site: Site, rng: Random) -> Iterator[None]:
    """It may end of it, and cannot start before there is room."""
    disk = site.servers.disk
    disk.fill(site.servers.postgres_processes)
    try:
        while True:
            yield
    finally:
        disk.free(site.servers.postgres_processes)


KINDS = (
    Kind("PostgreSQL restarted at once", "database", restarted, (0.5, 1.0)),
    Kind("PostgreSQL backends ended", "database", backends_ended),
    Kind("PostgreSQL frozen", "database", all_frozen, (5.0, 12.0)),
    Kind("PostgreSQL frozen for a minute", "database", all_frozen, (MINUTE, MINUTE)),
    Kind("PostgreSQL out of disk", "database", disk_full, (4.0, 7.0)),
)
