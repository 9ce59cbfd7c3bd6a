"""A command's way to the database; what is wrong with it is said in one line."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from deploy.cli.refusal import CANNOT_START, Refusal
from shared.db.engine import Engine, make_engine
from shared.db.migrate import current_revision, head_revision
from shared.db.readiness import why_unreachable
from shared.db.retrying import DatabaseError
from shared.settings import Settings
from worker_service import database_checks


def refuse_unreachable(settings: Settings) -> None:
    """Raises Refusal when the database does not answer."""
    engine = make_engine(settings.database_url, pool_size=1)
    try:
        reason = why_unreachable(engine)
    finally:
        engine.dispose()
    if reason is not None:
        raise Refusal(
            f"DATABASE_URL: no database answers at {reason}; start it, or run `payday services`", CANNOT_START
        )


def revisions(settings: Settings) -> tuple[str | None, str]:
    """The revision the database is at, None if it was never migrated, and the one this code expects."""
    refuse_unreachable(settings)
    engine = make_engine(settings.database_url, pool_size=1)
    try:
        return current_revision(engine), head_revision()
    finally:
        engine.dispose()


@contextmanager
def open_database(settings: Settings) -> Iterator[Engine]:
    """Connections to a migrated database. Raises Refusal, also when the database fails while they are used."""
    refuse_unreachable(settings)
    engine = make_engine(settings.database_url, pool_size=1)
    try:
        schema = database_checks.schema(engine)
        if not schema.ok:
            raise Refusal(schema.detail, CANNOT_START)
        yield engine
    except DatabaseError as error:
        raise Refusal(f"the database failed: {str(error.orig).strip().splitlines()[0]}") from error
    finally:
        engine.dispose()
