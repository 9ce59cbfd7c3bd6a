"""Connections to PostgreSQL."""

from __future__ import annotations

import select
from typing import Any

from sqlalchemy import Engine, create_engine
from sqlalchemy.orm import Session, sessionmaker

from shared.db.touched import FORGET, NOTICES, Forget

__all__ = ["Engine", "Session", "Sessions", "make_engine", "make_sessions", "reading", "telling"]

Sessions = sessionmaker[Session]

CONNECT_TIMEOUT_SECONDS = 5


def make_engine(url: str, *, pool_size: int = 5) -> Engine:
    """A pool for one process; dispose of it after a fork. READ COMMITTED, and checked before use.

    TCP keep-alives end a connection to a host that is gone within about half a minute. What a statement was given is
    never part of an error's words: they go to the log, and names of payers do not.
    """
    engine = create_engine(
        url,
        pool_size=pool_size,
        max_overflow=pool_size,
        pool_timeout=10,
        pool_pre_ping=True,
        pool_recycle=1800,
        hide_parameters=True,
        connect_args={
            "connect_timeout": CONNECT_TIMEOUT_SECONDS,
            "keepalives_idle": 10,
            "keepalives_interval": 5,
            "keepalives_count": 4,
            "application_name": "payday",
        },
    )
    _ask_only_where_something_came(engine)
    _leave_autocommit_unasked(engine)
    return engine


def _ask_only_where_something_came(engine: Engine) -> None:
    """A server that ended a connection has said so, and one that vanished would not answer: the question, which each
    transaction would begin with, is left out where nothing was said."""
    ask = engine.dialect.do_ping

    def ping(dbapi_connection: Any) -> bool:
        return _is_quiet(dbapi_connection) or ask(dbapi_connection)

    engine.dialect.do_ping = ping  # type: ignore[method-assign]


def _is_quiet(connection: Any) -> bool:
    """Whether nothing has come over an idle connection: no word of the server and no end."""
    poller = select.poll()
    poller.register(connection.fileno(), select.POLLIN)
    return not poller.poll(0)


def _leave_autocommit_unasked(engine: Engine) -> None:
    """The usual way sets the default level by its name, which is a question to the server."""

    def reset(dbapi_connection: Any) -> None:
        dbapi_connection.autocommit = False

    engine.dialect.reset_isolation_level = reset  # type: ignore[method-assign]


def make_sessions(engine: Engine, *, notices: bool = False) -> Sessions:
    """Sessions whose rows stay readable after the commit. `notices`: what their transactions change is told."""
    return sessionmaker(engine, expire_on_commit=False, info={NOTICES: notices})


def reading(sessions: Sessions) -> Sessions:
    """The same sessions, for one SELECT each: without a BEGIN before it and a COMMIT behind it, which are two more
    questions to the server."""
    engine: Engine = sessions.kw["bind"]
    return sessionmaker(**{**sessions.kw, "bind": engine.execution_options(isolation_level="AUTOCOMMIT")})


def telling(sessions: Sessions, forget: Forget) -> Sessions:
    """The same sessions, whose transactions tell `forget` whose events they touched."""
    return sessionmaker(**{**sessions.kw, "info": {**(sessions.kw.get("info") or {}), FORGET: forget}})
