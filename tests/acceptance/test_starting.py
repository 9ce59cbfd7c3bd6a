"""What a process says when it cannot start: everything that is wrong, how to mend it, and no traceback."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from deploy.local.ports import free_port
from tests.embedded import DatabaseServer
from tests.town import ROOT

CELERY = [sys.executable, "-m", "celery", "-A", "worker_service.celery_app"]
API = [sys.executable, "-m", "gunicorn", "-c", "deploy/gunicorn.conf.py", "api_service.wsgi:app"]
COMMANDS = {"api": API, "worker": [*CELERY, "worker"], "beat": [*CELERY, "beat"]}
NAMES = ("DATABASE_URL", "CELERY_BROKER_URL", "CACHE_URL", "PROVIDER_URL")


def start(command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if name not in NAMES}
    clean |= {"PORT": str(free_port()), "PROVIDER_URL": "http://127.0.0.1:9", "C_FORCE_ROOT": "1"}
    return subprocess.run(
        COMMANDS[command],
        cwd=ROOT,
        env={
            **clean,
            "PORT": str(free_port()),
            "PROVIDER_URL": "http://127.0.0.1:9",
            "C_FORCE_ROOT": "1",
            **environment,
        },
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def nowhere(scheme: str) -> str:
    return f"{scheme}://127.0.0.1:{free_port()}/0"


def assert_refused(done: subprocess.CompletedProcess[str], *words: str) -> None:
    said = done.stdout + done.stderr
    assert done.returncode not in (0, None)
    assert done.returncode > 0
    assert "Traceback" not in said
    for word in words:
        assert word in said


@pytest.mark.parametrize("command", ["api", "worker"])
def test_without_a_database_url_the_process_names_payday_services(command: str, broker_url: str) -> None:
    done = start(command, CELERY_BROKER_URL=broker_url)
    assert_refused(done, "DATABASE_URL", "payday services")
    assert done.returncode == 2


@pytest.mark.parametrize("command", ["worker", "beat"])
def test_without_a_broker_url_the_process_names_payday_services(command: str, database_url: str) -> None:
    done = start(command, DATABASE_URL=database_url)
    assert_refused(done, "CELERY_BROKER_URL", "payday services")
    assert done.returncode == 2


@pytest.mark.parametrize("command", ["api", "worker"])
def test_a_database_that_does_not_answer_is_named_without_its_password(command: str, broker_url: str) -> None:
    port = free_port()
    url = f"postgresql://payday:s3cret@127.0.0.1:{port}/payday"
    done = start(command, DATABASE_URL=url, CELERY_BROKER_URL=broker_url)
    assert_refused(done, "DATABASE_URL", f"127.0.0.1:{port}")
    assert done.returncode == 1  # systemd tries again
    assert "s3cret" not in done.stdout + done.stderr


@pytest.mark.parametrize("command", ["worker", "beat"])
def test_a_broker_that_does_not_answer_is_named(command: str, database_url: str) -> None:
    done = start(command, DATABASE_URL=database_url, CELERY_BROKER_URL=nowhere("redis"))
    assert_refused(done, "CELERY_BROKER_URL", "no broker answers", "127.0.0.1")
    assert done.returncode == 1


def test_a_database_that_was_never_migrated_is_not_worked_on(postgres_server: DatabaseServer, broker_url: str) -> None:
    name = postgres_server.create()
    try:
        done = start("worker", DATABASE_URL=postgres_server.url(name), CELERY_BROKER_URL=broker_url)
        assert_refused(done, "payday db upgrade")
    finally:
        postgres_server.drop(name)


def test_every_wrong_setting_is_named_at_once(database_url: str, broker_url: str) -> None:
    done = start("worker", DATABASE_URL=database_url, CELERY_BROKER_URL=broker_url, BATCH_SIZE="x", LEASE_SECONDS="1")
    assert_refused(done, "BATCH_SIZE", "LEASE_SECONDS")
    assert done.returncode == 2
