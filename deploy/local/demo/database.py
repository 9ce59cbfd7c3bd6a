"""A database of the demo's own, made anew on the server that is there."""

from __future__ import annotations

import contextlib
import time
from urllib.parse import urlsplit

import psycopg2
from psycopg2 import errors, sql

from deploy.local.demo.failure import DemoFailedError

NAME = "payday_demo"
LEFT_SECONDS = 20.0
PAUSE_SECONDS = 0.2


def make_anew(server_url: str) -> str:
    """Drop and create the demo's database on the server of `server_url`; its address. Raises DemoFailedError."""
    url = urlsplit(server_url.replace("postgresql+psycopg2://", "postgresql://", 1))
    try:
        with contextlib.closing(psycopg2.connect(url.geturl())) as connection:
            connection.autocommit = True
            with connection.cursor() as cursor:
                _drop(cursor)
                cursor.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(NAME)))
    except errors.InsufficientPrivilege as problem:
        raise DemoFailedError(
            f"DATABASE_URL: its role may not make the demo's own database {NAME}: allow it (ALTER ROLE ... CREATEDB),"
            " or unset DATABASE_URL"
        ) from problem
    except psycopg2.Error as problem:
        raise DemoFailedError(f"DATABASE_URL: {str(problem).strip().splitlines()[0]}") from problem
    return url._replace(path=f"/{NAME}").geturl()


def _drop(cursor: psycopg2.extensions.cursor) -> None:
    """Drop it, never by force: only what a killed demo left leaves it by itself."""
    deadline = time.monotonic() + LEFT_SECONDS
    while True:
        try:
            cursor.execute(sql.SQL("DROP DATABASE IF EXISTS {}").format(sql.Identifier(NAME)))
        except errors.ObjectInUse as problem:
            if time.monotonic() > deadline:
                raise DemoFailedError(f"another demo works in the database {NAME} of this server: stop it") from problem
            time.sleep(PAUSE_SECONDS)
        else:
            return
