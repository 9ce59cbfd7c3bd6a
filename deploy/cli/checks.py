"""What `payday doctor` looks at: one line each, good or bad."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Iterator
from datetime import timedelta
from importlib.metadata import version

from deploy.cli.broker_checks import cache_policy
from deploy.cli.notice_checks import notices
from shared.clock import utc_now
from shared.db import audit_rows, calendars
from shared.db.clock import business_now
from shared.db.engine import Session, make_engine, make_sessions
from shared.settings import Settings, SettingsError, read_settings
from worker_service import broker_checks, provider_checks, readiness
from worker_service.check import Check

CLOCK_SKEW_MAX = timedelta(seconds=5)
"""Tokens and logs go by this host's clock, payments by the database's."""
SHOWN = ("payday", "celery", "flask", "sqlalchemy", "psycopg2-binary")


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
    yield from _broker(settings)
    yield broker_checks.message(settings)
    yield from provider_checks.provider(settings)


def _versions() -> Check:
    python = ".".join(map(str, sys.version_info[:3]))
    return Check("versions", sys.version_info >= (3, 11), f"Python {python}, {_packages()}")


def _packages() -> str:
    return ", ".join(f"{name} {version(name)}" for name in SHOWN)


def _database(settings: Settings) -> Iterator[Check]:
    engine = make_engine(settings.database_url, pool_size=1)
    try:
        found = readiness.database(settings, engine)
        yield from found
        if len(found) > 1:  # it answers
            with make_sessions(engine).begin() as session:
                yield _clock(session, settings)
                if all(check.ok for check in found):
                    yield _calendars(session)
                    yield _sealing(session, settings)
                    yield notices(session, settings)
    finally:
        engine.dispose()


def _broker(settings: Settings) -> Iterator[Check]:
    """The broker, and the cache beside it."""
    # Only now: the Celery application reads its settings when it is imported.
    from worker_service.celery_app import ping, redis_client

    broker, *cache = readiness.broker(settings, ping, redis_client)
    yield broker
    if all(check.ok for check in cache) and settings.cache_url is not None:
        yield cache_policy(settings.cache_url)
    else:
        yield from cache or [Check("cache", True, "CACHE_URL is not set: no cache")]


def _calendars(session: Session) -> Check:
    stale = calendars.of_another_library(session)
    return Check("calendars", stale is None, stale or "of this version of the holiday library")


def _sealing(session: Session, settings: Settings) -> Check:
    waiting = audit_rows.waiting(session)
    if waiting.is_late:
        behind = f"{waiting.rows:,} rows wait for their seal, the oldest for {waiting.seconds:,.0f} s"
        return Check("audit", False, f"{behind}: no worker takes the queue upkeep, or no beat runs")
    if settings.log_level not in ("DEBUG", "INFO"):
        return Check("audit", True, f"LOG_LEVEL={settings.log_level}: heads of the chain are not logged", warning=True)
    return Check("audit", True, f"sealed but for {waiting.rows:,} rows of the last moments")


def _clock(session: Session, settings: Settings) -> Check:
    running = dataclasses.replace(settings.business, frozen=None)
    before = utc_now()
    there = business_now(session, running).instant
    skew = there - (before + (utc_now() - before) / 2)
    return Check("clock", abs(skew) <= CLOCK_SKEW_MAX, f"the database is {skew.total_seconds():+.2f} s from this host")
