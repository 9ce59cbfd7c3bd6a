"""What a worker refuses to start with, on real servers; what it says and how it is mended."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import psycopg2
import pytest
import redis

from deploy.local.processes import ChildProcess
from shared.db.engine import make_engine
from shared.settings import Settings, read_settings
from worker_service import broker_checks, provider_checks, readiness, redis_server
from worker_service.check import Check, problems

ROOT = Path(__file__).parents[2]
KEPT = ("PATH", "HOME", "TMPDIR", "PYTHONPATH", "LANG", "LC_ALL")
WORKER = [sys.executable, "-m", "celery", "-A", "worker_service.celery_app", "worker", "--concurrency=1"]
EVENT = "01900000-0000-7000-8000-000000000001"


def settings_of(**environment: str) -> Settings:
    """Settings as a process would read them."""
    told = {"DATABASE_URL": "postgresql://nobody@127.0.0.1:1/x", "CELERY_BROKER_URL": "redis://127.0.0.1:1/0"}
    return read_settings({**told, "PROVIDER_URL": "http://127.0.0.1:9", **environment})


def worker_environment(**environment: str) -> dict[str, str]:
    clean = {name: os.environ[name] for name in KEPT if name in os.environ}
    return {**clean, "PROVIDER_URL": "http://127.0.0.1:9", "C_FORCE_ROOT": "1", **environment}


def start_worker(**environment: str) -> subprocess.CompletedProcess[str]:
    """A real worker, which is expected to refuse."""
    return subprocess.run(
        WORKER,
        cwd=ROOT,
        env=worker_environment(**environment),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def execute(url: str, statement: str) -> None:
    with contextlib.closing(psycopg2.connect(url)) as connection, connection, connection.cursor() as cursor:
        cursor.execute(statement)


def database_problems(url: str, **environment: str) -> list[str]:
    settings = settings_of(DATABASE_URL=url, **environment)
    engine = make_engine(settings.database_url, pool_size=1)
    try:
        return problems(readiness.database(settings, engine))
    finally:
        engine.dispose()


@pytest.fixture
def careless_url(database_url: str) -> str:
    """A database in which our role does not wait for the disk."""
    name = urlsplit(database_url).path[1:]
    execute(database_url, f"ALTER ROLE CURRENT_USER IN DATABASE {name} SET synchronous_commit = off")
    return database_url


@pytest.fixture
def evicting_url(broker_url: str) -> Iterator[str]:
    with redis.Redis.from_url(broker_url) as client:
        client.config_set("maxmemory-policy", "volatile-lru")
        yield broker_url
        client.config_set("maxmemory-policy", "noeviction")


@contextlib.contextmanager
def client_of(url: str) -> Iterator[redis.Redis]:
    with redis_server.connect(url) as client:
        yield client


def test_a_worker_names_everything_that_is_wrong_and_ends_with_2(careless_url: str, evicting_url: str) -> None:
    cache_url = urlsplit(evicting_url)._replace(netloc=f"localhost:{urlsplit(evicting_url).port}", path="/9").geturl()
    done = start_worker(
        DATABASE_URL=careless_url,
        CELERY_BROKER_URL=evicting_url,
        CACHE_URL=cache_url,
        LEASE_SECONDS="1800",
        PROVIDER_MODE="none",
        PROVIDER_RESEND_AFTER_NOT_FOUND="true",
    )
    said = done.stderr
    assert done.returncode == 2, done
    assert "Traceback" not in said
    for words in (
        "CELERY_BROKER_URL: maxmemory-policy volatile-lru",
        "CACHE_URL: is the broker's server",
        "DATABASE_URL: synchronous_commit is off",
        "LEASE_SECONDS: 1800 s",
        "PROVIDER_RESEND_AFTER_NOT_FOUND: true makes no sense",
    ):
        assert said.count(words) == 1, said
    assert len(said[said.index("payday cannot start:") :].strip().splitlines()) == 6


def test_a_worker_leaves_another_providers_payments_alone(database_url: str, broker_url: str) -> None:
    execute(database_url, open_attempt("oldbank"))
    done = start_worker(DATABASE_URL=database_url, CELERY_BROKER_URL=broker_url, PROVIDER_NAME="newbank")
    assert done.returncode == 2, done
    assert "PROVIDER_NAME: is newbank, but 1 payments are open with oldbank;" in done.stderr
    assert "keep a worker with PROVIDER_NAME=oldbank running" in done.stderr


def open_attempt(provider: str, state: str = "open") -> str:
    return (
        "INSERT INTO attempt (event_id, number, event_date, provider, state, run_date, first_sent_at, last_sent_at,"
        f" next_at) VALUES ('{EVENT}', 1, '2026-03-02', '{provider}', '{state}', '2026-03-02', now(), now(), now())"
    )


def claimed_batch(provider: str, status: str = "claimed") -> str:
    return (
        "INSERT INTO batch (run_date, date, first_id, last_id, status, worker, lease_until, provider) VALUES"
        f" ('2026-03-02', '2026-03-02', '{EVENT}', '{EVENT}', '{status}', 'w', now(), '{provider}')"
    )


def test_open_payments_of_our_own_provider_and_settled_ones_of_others_are_no_reason(database_url: str) -> None:
    execute(database_url, open_attempt("default"))
    execute(database_url, claimed_batch("oldbank", status="done"))
    assert database_problems(database_url) == []
    execute(database_url, "DELETE FROM attempt")
    execute(database_url, open_attempt("oldbank", state="paid"))
    assert database_problems(database_url) == []


def test_a_batch_that_another_provider_is_paying_counts_too(database_url: str) -> None:
    execute(database_url, claimed_batch("oldbank"))
    (problem,) = database_problems(database_url)
    assert "0 payments are open with oldbank, with 1 batches under way" in problem


def test_commits_that_are_not_on_disk_are_refused_whoever_set_them_so(database_url: str, careless_url: str) -> None:
    (problem,) = database_problems(careless_url)
    assert problem.startswith("DATABASE_URL: synchronous_commit is off")
    assert "SET synchronous_commit = on" in problem


@pytest.mark.parametrize("value", ["on", "local", "remote_write", "remote_apply"])
def test_what_waits_for_the_servers_own_disk_is_enough(database_url: str, value: str) -> None:
    name = urlsplit(database_url).path[1:]
    execute(database_url, f"ALTER ROLE CURRENT_USER IN DATABASE {name} SET synchronous_commit = {value}")
    assert database_problems(database_url) == []


def test_a_server_that_does_not_survive_its_machine_is_refused_in_production_only(database_url: str) -> None:
    with contextlib.closing(psycopg2.connect(database_url)) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT name FROM pg_settings WHERE name IN ('fsync', 'full_page_writes') AND setting = 'off'")
        off = {name for (name,) in cursor.fetchall()}
    settings = settings_of(DATABASE_URL=database_url)
    engine = make_engine(settings.database_url, pool_size=1)
    try:
        assert problems(readiness.database(settings, engine)) == []
        refused = problems(readiness.database(replace(settings, app_env="production"), engine))
    finally:
        engine.dispose()
    assert {problem.split()[1] for problem in refused} == off


@contextlib.contextmanager
def hosted(broker_url: str, *forbidden: str) -> Iterator[str]:
    """The broker's address for a user who may do everything but these."""
    parts = urlsplit(broker_url)
    with redis.Redis.from_url(broker_url) as client:
        client.execute_command("ACL", "SETUSER", "hosted", "on", ">secret", "~*", "&*", "+@all", *forbidden)
        yield parts._replace(netloc=f"hosted:secret@{parts.hostname}:{parts.port}").geturl()
        client.execute_command("ACL", "DELUSER", "hosted")


@pytest.mark.all
def test_a_broker_that_hides_its_policy_is_believed_with_a_warning(
    database_url: str, broker_url: str, tmp_path: Path
) -> None:
    with hosted(broker_url, "-config", "-info") as url:
        check = broker_checks.memory(lambda: client_of(url))
        assert (check.ok, check.warning) == (True, True)
        environment = worker_environment(DATABASE_URL=database_url, CELERY_BROKER_URL=url)
        with ChildProcess("worker", WORKER, tmp_path / "log", env=environment, cwd=ROOT) as worker:
            worker.wait_until(lambda: " ready." in worker.log_path.read_text(), 60)
            assert "its maxmemory-policy may not be read here" in worker.log_path.read_text()


def test_a_broker_that_only_closes_config_is_still_judged(evicting_url: str) -> None:
    with hosted(evicting_url, "-config") as url:
        assert not broker_checks.memory(lambda: client_of(url)).ok


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_a_cache_on_the_brokers_server_is_found_by_every_name(broker_url: str, host: str) -> None:
    cache_url = urlsplit(broker_url)._replace(netloc=f"{host}:{urlsplit(broker_url).port}", path="/5").geturl()
    check = apart(broker_url, cache_url)
    assert not check.ok
    assert check.detail.startswith("CACHE_URL: is the broker's server")


def test_the_server_itself_tells_where_addresses_do_not(broker_url: str) -> None:
    """As by way of a sentinel, whose URL names neither the broker's host nor its port."""
    check = apart("sentinel://127.0.0.1:1", broker_url, broker=broker_url)
    assert not check.ok


def test_a_cache_that_is_away_or_elsewhere_is_no_reason(broker_url: str) -> None:
    assert apart(broker_url, "redis://127.0.0.1:1/0").ok


def apart(broker_url: str, cache_url: str, broker: str | None = None) -> Check:
    settings = settings_of(CELERY_BROKER_URL=broker_url, CACHE_URL=cache_url)
    return broker_checks.apart(settings, lambda: client_of(broker or broker_url))


@pytest.mark.parametrize(
    ("url", "longest", "refused"), [("redis://h/0", 1784, 1785), ("sentinel://h", 1784, 1785), ("amqp://h", 884, 885)]
)
def test_a_batch_ends_before_its_message_comes_back(url: str, longest: int, refused: int) -> None:
    settings = settings_of(CELERY_BROKER_URL=url)
    assert broker_checks.message(replace(settings, lease_seconds=longest)).ok
    check = broker_checks.message(replace(settings, lease_seconds=refused))
    assert not check.ok
    assert f"{2 * refused + 30} s" in check.detail
    assert f"set it to {longest} or less" in check.detail


@pytest.mark.parametrize(
    ("environment", "name"),
    [
        ({"PROVIDER_KEY_WINDOW_SECONDS": "125", "PROVIDER_RECORD_SECONDS": "9000"}, "PROVIDER_KEY_WINDOW_SECONDS"),
        ({"PROVIDER_RECORD_SECONDS": "300"}, "PROVIDER_RECORD_SECONDS"),
        ({"PROVIDER_MODE": "enquiry", "PROVIDER_RECORD_SECONDS": "200"}, "PROVIDER_RECORD_SECONDS"),
        ({"PROVIDER_MODE": "none", "PROVIDER_RESEND_AFTER_NOT_FOUND": "true"}, "PROVIDER_RESEND_AFTER_NOT_FOUND"),
    ],
)
def test_times_and_modes_that_contradict_each_other_are_refused(environment: dict[str, str], name: str) -> None:
    (problem,) = problems(provider_checks.provider(settings_of(**environment)))
    assert problem.startswith(f"{name}: ")


@pytest.mark.parametrize(
    "environment",
    [
        {},
        {"PROVIDER_KEY_WINDOW_SECONDS": "130", "PROVIDER_RECORD_SECONDS": "9000"},
        {"PROVIDER_MODE": "enquiry", "PROVIDER_RESEND_AFTER_NOT_FOUND": "true"},
        {"PROVIDER_MODE": "none", "PROVIDER_RECORD_SECONDS": "1"},
    ],
)
def test_times_and_modes_that_go_together_are_not(environment: dict[str, str]) -> None:
    assert problems(provider_checks.provider(settings_of(**environment))) == []
