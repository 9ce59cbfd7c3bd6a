"""What must be there before a worker starts, and how it is said when it is not."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlsplit

from shared.db import partitions
from shared.db.clock import business_now
from shared.db.engine import Engine, make_engine, make_sessions
from shared.db.retrying import DatabaseError
from shared.log import get_logger
from shared.settings import Settings, SettingsError, read_settings
from worker_service import broker_checks, database_checks, provider_checks
from worker_service.broker_checks import BrokerClient
from worker_service.check import Check
from worker_service.delivery import OtherForm

log = get_logger(__name__)

NEEDS = frozenset({"DATABASE_URL", "CELERY_BROKER_URL", "PROVIDER_URL"})


def broker_answers(url: str, ping: Callable[[], None]) -> Check:
    """Whether the broker answers, and has our queues in our form."""
    try:
        ping()
    except OtherForm as error:
        mend = "delete it there (what it held is published again), or use a virtual host of its own"
        return Check("broker", False, f"CELERY_BROKER_URL: {_first_line(error)}; {mend}")
    except Exception as error:  # noqa: BLE001 - whatever the transport raises, the mend is the same
        return _silent("CELERY_BROKER_URL", "broker", url, error)
    return Check("broker", True, f"the broker at {_place(url)} answers")


def broker(settings: Settings, ping: Callable[[], None], client: BrokerClient) -> list[Check]:
    """Whether the broker answers and may be trusted."""
    found = broker_answers(settings.broker_url, ping)
    return [broker_checks.memory(client), broker_checks.apart(settings, client)] if found.ok else [found]


def database(settings: Settings, engine: Engine) -> list[Check]:
    """Whether the database answers, is migrated, keeps what it answers, and what stands in it is ours to pay."""
    try:
        found = [database_checks.server(engine), database_checks.schema(engine)]
        with make_sessions(engine).begin() as session:
            found += database_checks.durable(session, settings)
            found.append(database_checks.months(session, settings))
            if all(check.ok for check in found if check.name == "schema"):
                found += database_checks.payments(session, settings)
    except DatabaseError as error:
        return [_silent("DATABASE_URL", "database", settings.database_url, error)]
    return found


def worker_problems(ping: Callable[[], None], client: BrokerClient) -> list[Check]:
    """Everything for which a worker must not start; makes the partitions of the months ahead."""
    try:
        settings = read_settings(needs=NEEDS)
    except SettingsError as error:
        return [Check("settings", False, problem) for problem in error.problems]
    engine = make_engine(settings.database_url, pool_size=1)
    try:
        _make_partitions(settings, engine)
        found = [*broker(settings, ping, client), *database(settings, engine)]
    finally:
        engine.dispose()
    found += [broker_checks.message(settings), *provider_checks.provider(settings)]
    for check in found:
        if check.warning:
            log.warning("cannot be checked", check=check.name, detail=check.detail)
    return [check for check in found if not check.ok]


def _make_partitions(settings: Settings, engine: Engine) -> None:
    """Only where the rest is well; what stands in its way is found and said afterwards."""
    try:
        if not database_checks.schema(engine).ok:
            return
        with make_sessions(engine).begin() as session:
            partitions.make_ahead(session, business_now(session, settings.business).today)
    except DatabaseError:
        return


def _silent(name: str, kind: str, url: str, error: Exception) -> Check:
    reason = f"no {kind} answers at {_place(url)} ({_first_line(error)})"
    mend = "start it, or run `payday services` and use what it prints"
    return Check(kind, False, f"{name}: {reason}; {mend}", silent=True)


def _place(url: str) -> str:
    """Host and port, never the password."""
    parts = urlsplit(url)
    return f"{parts.hostname}:{parts.port}" if parts.port else str(parts.hostname)


def _first_line(error: Exception) -> str:
    return (str(getattr(error, "orig", None) or error).strip() or type(error).__name__).splitlines()[0]
