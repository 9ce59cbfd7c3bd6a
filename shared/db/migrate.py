"""Brings a database to the present schema, and says whether it is there."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, create_engine, text
from sqlalchemy.orm import Session

from shared.db import partitions
from shared.settings_values import database_url

ROLE_SETTINGS = {
    # The cost of a settlement's plan can cross JIT's threshold and make it ten times slower.
    "jit": "off",
    # A forgotten transaction stops vacuum and holds locks; a stuck statement holds a worker.
    "statement_timeout": "60s",
    "lock_timeout": "10s",
    "idle_in_transaction_session_timeout": "60s",
}


def upgrade(url: str, revision: str = "head") -> str:
    """Migrates the database at `url` and makes partitions ahead; answers the revision it is at."""
    engine = create_engine(database_url(url))
    try:
        with engine.begin() as connection:
            _unhurried(connection)
            # Two deployments at once: the second waits, then finds nothing to do.
            connection.execute(text("SELECT pg_advisory_xact_lock(7061796461790001)"))
            command.upgrade(_config(connection), revision)
        configure(engine)
        with Session(engine) as session, session.begin():
            partitions.make_ahead(session, session.scalar(text("SELECT current_date")))
        return current_revision(engine) or "base"
    finally:
        engine.dispose()


def downgrade(url: str, revision: str) -> None:
    """Migrates back to `revision`, or to nothing with `base`."""
    engine = create_engine(database_url(url))
    try:
        with engine.begin() as connection:
            _unhurried(connection)
            command.downgrade(_config(connection), revision)
    finally:
        engine.dispose()


def configure(engine: Engine) -> None:
    """Sets planner and time-out settings for our role in this database (not in the URL: PgBouncer refuses that)."""
    with engine.begin() as connection:
        # Serialised: two sessions that alter one catalogue row at once fail with "tuple concurrently updated".
        connection.execute(text("SELECT pg_advisory_xact_lock(7061796461790002)"))
        database = connection.scalar(text("SELECT quote_ident(current_database())"))
        for name, value in ROLE_SETTINGS.items():
            connection.execute(text(f"ALTER ROLE CURRENT_USER IN DATABASE {database} SET {name} = '{value}'"))


def current_revision(engine: Engine) -> str | None:
    """The revision that the database is at; None if it was never migrated."""
    with engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def head_revision() -> str:
    """The revision that this code expects."""
    head = ScriptDirectory.from_config(_config(None)).get_current_head()
    if head is None:
        raise RuntimeError("the package carries no migrations")
    return head


def _unhurried(connection: Connection) -> None:
    """A migration takes its time: the role's time-outs are for payments."""
    for name in ("lock_timeout", "statement_timeout", "idle_in_transaction_session_timeout"):
        connection.execute(text(f"SET LOCAL {name} = 0"))


def _config(connection: Connection | None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config
