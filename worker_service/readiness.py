"""What must be there before a worker starts, and how it is said when it is not."""

from __future__ import annotations

import sys
from collections.abc import Callable
from urllib.parse import urlsplit

from shared.db import partitions
from shared.db.clock import business_now
from shared.db.engine import make_engine, make_sessions
from shared.db.migrate import current_revision, head_revision
from shared.db.retrying import DatabaseError
from shared.settings import SettingsError, read_settings


def refuse(problems: list[str]) -> int:
    """Prints every problem on standard error; answers the exit status for them."""
    print("payday cannot start:", file=sys.stderr)
    for problem in problems:
        print(f"  {problem}", file=sys.stderr)
    return 2


def broker_problems(url: str, ping: Callable[[], None]) -> list[str]:
    """Whether the broker answers."""
    try:
        ping()
    except Exception as error:  # noqa: BLE001 - whatever the transport raises, the mend is the same
        return [_silent("CELERY_BROKER_URL", "broker", url, error)]
    return []


def worker_problems() -> list[str]:
    """Whether settings, database and schema are there; makes this month's partitions ahead."""
    try:
        settings = read_settings(needs=frozenset({"DATABASE_URL", "PROVIDER_URL"}))
    except SettingsError as error:
        return error.problems
    engine = make_engine(settings.database_url, pool_size=1)
    try:
        present, head = current_revision(engine), head_revision()
        if present != head:
            return [f"DATABASE_URL: the schema is at {present or 'nothing'}, not at {head}; run `payday db upgrade`"]
        with make_sessions(engine).begin() as session:
            today = business_now(session, settings.business).today
            partitions.make_ahead(session, today)
            lacking = partitions.missing(session, today)
        return [f"DATABASE_URL: partitions are missing: {', '.join(lacking)}"] if lacking else []
    except DatabaseError as error:
        return [_silent("DATABASE_URL", "database", settings.database_url, error)]
    finally:
        engine.dispose()


def _silent(name: str, kind: str, url: str, error: Exception) -> str:
    reason = f"no {kind} answers at {_place(url)} ({_first_line(error)})"
    return f"{name}: {reason}; start it, or run `payday services` and use what it prints"


def _place(url: str) -> str:
    """Host and port, never the password."""
    parts = urlsplit(url)
    return f"{parts.hostname}:{parts.port}" if parts.port else str(parts.hostname)


def _first_line(error: Exception) -> str:
    return (str(getattr(error, "orig", None) or error).strip() or type(error).__name__).splitlines()[0]
