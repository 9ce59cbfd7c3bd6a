"""What `payday doctor` looks at: one line each, good or bad."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from importlib.metadata import version

from deploy.cli.broker_checks import broker_policy, cache_policy
from shared.clock import utc_now
from shared.db import partitions
from shared.db.clock import business_now
from shared.db.engine import Engine, Session, make_engine, make_sessions
from shared.db.migrate import current_revision, head_revision
from shared.db.readiness import why_unreachable
from shared.settings import Settings, SettingsError, read_settings

OLDEST_POSTGRES = 15
CLOCK_SKEW_MAX = timedelta(seconds=5)
"""Tokens and logs go by this host's clock, payments by the database's."""
SHOWN = ("payday", "celery", "flask", "sqlalchemy", "psycopg2-binary")


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at; `detail` says what was found, and the mend when it is bad."""

    name: str
    ok: bool
    detail: str


def examine() -> Iterator[Check]:
    """Every check, in order; those that need settings or a database are left out without them."""
    yield _versions()
    try:
        settings = read_settings(needs=frozenset({"DATABASE_URL", "CELERY_BROKER_URL"}))
    except SettingsError as error:
        yield from (Check("settings", False, problem) for problem in error.problems)
        return
    yield Check("settings", True, f"{settings.app_env}, {settings.business.zone.key}")
    yield from _database(settings)
    yield Check("broker", *broker_policy(settings))
    yield Check("cache", *cache_policy(settings))


def _versions() -> Check:
    python = ".".join(map(str, sys.version_info[:3]))
    return Check("versions", sys.version_info >= (3, 11), f"Python {python}, {_packages()}")


def _packages() -> str:
    return ", ".join(f"{name} {version(name)}" for name in SHOWN)


def _database(settings: Settings) -> Iterator[Check]:
    engine = make_engine(settings.database_url, pool_size=1)
    try:
        reason = why_unreachable(engine)
        if reason is not None:
            yield Check("database", False, f"{reason}; start it, or run `payday services`")
            return
        yield _server(engine)
        yield _schema(engine)
        with make_sessions(engine).begin() as session:
            yield _partitions(session, settings)
            yield _clock(session, settings)
    finally:
        engine.dispose()


def _server(engine: Engine) -> Check:
    found = engine.dialect.server_version_info or (0,)
    enough = int(found[0]) >= OLDEST_POSTGRES
    mend = "" if enough else f"; at least {OLDEST_POSTGRES} is needed"
    return Check("database", enough, f"PostgreSQL {'.'.join(map(str, found))} at {engine.url.host}{mend}")


def _schema(engine: Engine) -> Check:
    present, head = current_revision(engine), head_revision()
    if present == head:
        return Check("schema", True, f"at {head}")
    return Check("schema", False, f"at {present or 'nothing'}, not at {head}; run `payday db upgrade`")


def _partitions(session: Session, settings: Settings) -> Check:
    lacking = partitions.missing(session, business_now(session, settings.business).today)
    if lacking:
        return Check("partitions", False, f"{', '.join(lacking)} missing; a worker makes them, or `payday db upgrade`")
    return Check("partitions", True, "this month's and the next month's are there")


def _clock(session: Session, settings: Settings) -> Check:
    running = dataclasses.replace(settings.business, frozen=None)
    before = utc_now()
    there = business_now(session, running).instant
    skew = there - (before + (utc_now() - before) / 2)
    return Check("clock", abs(skew) <= CLOCK_SKEW_MAX, f"the database is {skew.total_seconds():+.2f} s from this host")
