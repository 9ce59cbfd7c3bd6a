from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
import redis
from sqlalchemy import create_engine, text

from deploy.local.ports import free_port
from shared.db import receivers
from shared.db.engine import make_sessions
from shared.settings_values import database_url as sqlalchemy_url
from tests.integration.cli.command import payday

NAMES = ["versions", "settings", "database", "schema", "durable", "partitions", "payments", "clock", "calendars"]
NAMES += ["audit", "notices", "broker", "cache", "message", "provider"]


def examine(**settings: str) -> dict[str, Any]:
    """What the doctor finds, by name; its exit status says the same."""
    finished = payday("doctor", "--json", **settings)
    found: dict[str, Any] = json.loads(finished.stdout)
    assert finished.returncode == (0 if found["ok"] else 1)
    assert found["ok"] == all(check["ok"] for check in found["checks"])
    assert "Traceback" not in finished.stderr
    return {check["name"]: check for check in found["checks"]}


def bad(checks: dict[str, Any]) -> dict[str, str]:
    return {name: check["detail"] for name, check in checks.items() if not check["ok"]}


@pytest.fixture
def evicting_broker_url(broker_url: str) -> Iterator[str]:
    with redis.Redis.from_url(broker_url) as client:
        client.config_set("maxmemory-policy", "allkeys-lru")
        yield broker_url
        client.config_set("maxmemory-policy", "noeviction")


def test_a_sound_installation_is_well(database_url: str, broker_url: str) -> None:
    checks = examine(DATABASE_URL=database_url, CELERY_BROKER_URL=broker_url)
    assert bad(checks) == {}
    assert list(checks) == NAMES
    assert checks["broker"]["detail"] == "maxmemory-policy noeviction"
    assert checks["database"]["detail"].startswith("PostgreSQL 1")


def test_people_get_a_line_for_each_thing(database_url: str, broker_url: str) -> None:
    finished = payday("doctor", DATABASE_URL=database_url, CELERY_BROKER_URL=broker_url)
    assert finished.returncode == 0
    assert [line.split()[:2] for line in finished.stdout.splitlines()] == [["ok", name] for name in NAMES]


def test_settings_that_are_wrong_are_all_named() -> None:
    finished = payday("doctor", BATCH_SIZE="many")
    assert finished.returncode == 1
    for name in ("BATCH_SIZE", "DATABASE_URL", "CELERY_BROKER_URL"):
        assert f"BAD  settings    {name}: " in finished.stdout


def test_a_database_without_the_schema_is_bad(empty_database_url: str, broker_url: str) -> None:
    found = bad(examine(DATABASE_URL=empty_database_url, CELERY_BROKER_URL=broker_url))
    assert list(found) == ["schema", "partitions"]
    assert "payday db upgrade" in found["schema"]


def test_partitions_that_are_not_there_yet_are_bad(database_url: str, broker_url: str) -> None:
    found = bad(examine(DATABASE_URL=database_url, CELERY_BROKER_URL=broker_url, BUSINESS_DATE="2040-01-15"))
    assert list(found) == ["partitions"]
    assert "event_2040_01, event_2040_02" in found["partitions"]


def test_a_broker_that_evicts_is_bad(database_url: str, evicting_broker_url: str) -> None:
    found = bad(examine(DATABASE_URL=database_url, CELERY_BROKER_URL=evicting_broker_url))
    assert list(found) == ["broker"]
    assert found["broker"].startswith("CELERY_BROKER_URL: maxmemory-policy allkeys-lru ")
    assert "must be noeviction" in found["broker"]


def test_a_cache_that_outlives_its_restart_is_warned_of(database_url: str, broker_url: str, cache_url: str) -> None:
    given = {"DATABASE_URL": database_url, "CELERY_BROKER_URL": broker_url, "CACHE_URL": cache_url}
    assert "persistent" not in str(examine(**given))
    with redis.Redis.from_url(cache_url) as client:
        client.config_set("save", "60 1")
        try:
            found = examine(**given)
        finally:
            client.config_set("save", "")
    assert "cache" not in bad(found)
    assert "persistent" in str(found)


def test_a_cache_on_the_brokers_server_is_bad(database_url: str, broker_url: str) -> None:
    cache_url = urlsplit(broker_url)._replace(path="/7").geturl()
    found = bad(examine(DATABASE_URL=database_url, CELERY_BROKER_URL=broker_url, CACHE_URL=cache_url))
    assert list(found) == ["cache"]
    assert "one of its own" in found["cache"]


def test_servers_that_do_not_answer_are_bad_and_the_rest_is_looked_at() -> None:
    ports = [free_port() for _ in range(3)]
    checks = examine(
        DATABASE_URL=f"postgresql://payday:secret-word@127.0.0.1:{ports[0]}/payday",
        CELERY_BROKER_URL=f"redis://127.0.0.1:{ports[1]}/0",
        CACHE_URL=f"redis://127.0.0.1:{ports[2]}/0",
    )
    found = bad(checks)
    assert list(found) == ["database", "broker", "cache"]
    assert "secret-word" not in str(checks)


def test_what_a_worker_refuses_the_doctor_calls_bad(database_url: str, broker_url: str) -> None:
    servers = {"DATABASE_URL": database_url, "CELERY_BROKER_URL": broker_url}
    found = bad(examine(**servers, LEASE_SECONDS="1790", PROVIDER_RECORD_SECONDS="300"))
    assert list(found) == ["message", "provider"]
    assert "1790 s" in found["message"]
    assert found["provider"].startswith("PROVIDER_RECORD_SECONDS: 300 s is not longer")


def test_calendars_that_another_library_wrote_are_bad_and_the_mend_is_named(database_url: str, broker_url: str) -> None:
    with create_engine(sqlalchemy_url(database_url)).begin() as connection:
        connection.execute(
            text(
                "INSERT INTO calendar (code, weekend, first_year, last_year, library_version)"
                " VALUES ('GB-ENG', '{5,6}', 2026, 2026, '0.1')"
            )
        )
    found = bad(examine(DATABASE_URL=database_url, CELERY_BROKER_URL=broker_url))
    assert "payday calendar refresh" in found.pop("calendars")
    assert found == {}


def test_rows_of_the_audit_that_wait_too_long_are_bad(database_url: str, broker_url: str) -> None:
    with create_engine(sqlalchemy_url(database_url)).begin() as connection:
        connection.execute(
            text(
                "INSERT INTO audit (actor, action, subject, subject_id)"
                " VALUES ('a', 'b', 'c', 'd'), ('a', 'b', 'c', 'd')"
            )
        )
        connection.execute(text("UPDATE audit_waiting SET since = since - interval '1 hour' WHERE audit_id = 1"))
    found = bad(examine(DATABASE_URL=database_url, CELERY_BROKER_URL=broker_url))
    assert found.pop("audit").startswith("2 rows wait for their seal, the oldest for 3,6")
    assert found == {}


def test_heads_that_are_not_logged_are_a_warning(database_url: str, broker_url: str) -> None:
    servers = {"DATABASE_URL": database_url, "CELERY_BROKER_URL": broker_url}
    checks = examine(**servers, LOG_LEVEL="WARNING")
    assert bad(checks) == {}
    assert checks["audit"]["warning"] is True
    assert "heads of the chain are not logged" in checks["audit"]["detail"]


def test_notices_that_nobody_sends_or_takes_are_told_of(database_url: str, broker_url: str) -> None:
    servers = {"DATABASE_URL": database_url, "CELERY_BROKER_URL": broker_url}
    told = {**servers, "NOTIFY_URL": "http://127.0.0.1:9/inbox", "NOTIFY_SECRET": "whsec_" + "c2VjcmV0IG9m" * 3}
    assert examine(**servers)["notices"]["detail"] == "NOTIFY_URL is not set: nobody is told"
    assert examine(**told)["notices"] == {
        "name": "notices",
        "ok": True,
        "detail": "to 127.0.0.1, 0 rows wait",
        "warning": False,
    }
    engine = create_engine(sqlalchemy_url(database_url))
    with make_sessions(engine).begin() as session:
        before = receivers.standing(session, told["NOTIFY_URL"])
        receivers.in_trouble(session, told["NOTIFY_URL"], before, None)
    found = examine(**told)["notices"]
    assert (found["ok"], found["warning"]) == (True, True)
    assert "the receiver failed 1 time in a row, 0 rows wait" in found["detail"]
    with make_sessions(engine).begin() as session:
        receivers.is_well(session, told["NOTIFY_URL"])
    with engine.begin() as connection:
        connection.execute(text("INSERT INTO outbox (kind, notices, state) VALUES ('facts', '{}', 'dead')"))
    found = examine(**told)["notices"]
    assert (found["ok"], found["warning"]) == (True, True)
    assert "1 dead letter, see `payday notices list`" in found["detail"]
    with engine.begin() as connection:
        connection.execute(
            text("INSERT INTO outbox (kind, notices, next_at) VALUES ('facts', '{}', now() - interval '1 hour')")
        )
    assert "no worker sends" in bad(examine(**told))["notices"]
    with make_sessions(engine).begin() as session:
        receivers.is_gone(session, told["NOTIFY_URL"])
    assert "wants no more (410)" in bad(examine(**told))["notices"]
    engine.dispose()
