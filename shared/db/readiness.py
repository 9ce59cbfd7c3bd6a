"""Whether the database can be reached, and is at the schema this code expects."""

from __future__ import annotations

from functools import cache
from typing import Final

from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from shared.db import migrate, patience
from shared.db.engine import Sessions

ANSWER_SECONDS: Final = 2.0
"""Whoever asks whether we are ready takes no answer for a no, after a second or a few."""


def why_unreachable(engine: Engine) -> str | None:
    """One line without the password that says why the database cannot be used; None: it can."""
    try:
        with engine.connect() as connection:
            connection.execute(text("SELECT 1"))
    except DBAPIError as error:
        reason = next(iter(str(error.orig).strip().splitlines()), "no answer")
        return f"{engine.url.render_as_string(hide_password=True)}: {reason}"
    return None


def why_not_ready(sessions: Sessions) -> str | None:
    """Why requests cannot be served; None: they can."""
    try:
        with patience.at_most(ANSWER_SECONDS), sessions() as session:
            revisions = set(session.scalars(text("SELECT version_num FROM alembic_version")))
    except (DBAPIError, PoolTimeout):
        return "The database does not answer, or was never migrated."
    return None if revisions == {_head()} else "The database's schema is not the one this version expects."


@cache
def _head() -> str:
    return migrate.head_revision()
