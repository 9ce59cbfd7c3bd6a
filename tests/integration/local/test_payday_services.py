import contextlib
import json
import os
import shutil
import signal
import site
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psycopg2
import pytest
import redis

from deploy.local.processes import ChildProcess, wait_for
from tests.integration.local.services_command import (
    REPOSITORY,
    SOURCE,
    await_ready,
    environment,
    processes_of,
    run_services,
    services,
)
from tests.ordinary_user import AS_ROOT, ordinary_user

TIMEOUT_SECONDS = 60.0


@pytest.fixture
def data(lasting: Path) -> Path:
    """A folder that earlier tests may have used."""
    return lasting / "data"


@pytest.fixture
def fresh(reachable: Path) -> Path:
    """A folder that is not there yet."""
    return reachable / "data"


@pytest.fixture
def running(tmp_path: Path, data: Path) -> Iterator[ChildProcess]:
    with services(tmp_path, "--data", data) as child:
        await_ready(child)
        yield child


def execute(url: str, statement: str) -> None:
    with contextlib.closing(psycopg2.connect(url)) as connection, connection, connection.cursor() as cursor:
        cursor.execute(statement)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_stops_everything_and_leaves_no_process(
    running: ChildProcess, data: Path, number: signal.Signals
) -> None:
    assert len(processes_of(data)) >= 3
    running.send_signal(number)
    assert running.wait(TIMEOUT_SECONDS) == 0
    assert processes_of(data) == []
    assert not (data / "postgres" / "postmaster.pid").exists()


def test_it_prints_export_lines_and_then_ready(running: ChildProcess) -> None:
    exported = await_ready(running)
    printed = [line for line in running.log_path.read_text().splitlines() if not line.startswith("payday services: ")]
    assert printed == [*(f"export {name}={value}" for name, value in exported.items()), "ready"]
    assert list(exported) == ["DATABASE_URL", "CELERY_BROKER_URL", "CACHE_URL"]
    execute(exported["DATABASE_URL"], "CREATE TEMPORARY TABLE ours ()")
    policies = []
    for name in ("CELERY_BROKER_URL", "CACHE_URL"):
        with redis.Redis.from_url(exported[name], decode_responses=True) as client:
            policies.append(client.config_get("maxmemory-policy")["maxmemory-policy"])
    assert policies == ["noeviction", "allkeys-lru"]


def test_impatience_while_it_stops_leaves_no_process(running: ChildProcess, data: Path) -> None:
    for _ in range(3):
        running.send_signal(signal.SIGINT)
        running.send_signal(signal.SIGTERM)
    assert running.wait(TIMEOUT_SECONDS) == 0
    assert processes_of(data) == []


def test_ctrl_c_while_it_starts_leaves_no_process(tmp_path: Path, fresh: Path) -> None:
    child = services(tmp_path, "--data", fresh)
    child.start()
    begun = (".postgres.new-*/cluster/base", "postgres")  # the latter where a slow machine looks when it is made
    child.wait_until(lambda: any(path for name in begun for path in fresh.glob(name)), TIMEOUT_SECONDS)
    child.send_signal(signal.SIGINT)
    assert child.wait(TIMEOUT_SECONDS) == 0
    assert processes_of(fresh) == []


def test_a_killed_run_takes_its_servers_along_and_the_next_finds_the_rows(
    running: ChildProcess, tmp_path: Path, data: Path
) -> None:
    execute(await_ready(running)["DATABASE_URL"], "CREATE TABLE kept AS SELECT 7 AS number")
    os.kill(running.pid, signal.SIGKILL)
    running.wait(TIMEOUT_SECONDS)
    with services(tmp_path, "--data", data) as successor:
        execute(await_ready(successor)["DATABASE_URL"], "DROP TABLE kept")
        successor.terminate()
    assert wait_for(lambda: not processes_of(data), TIMEOUT_SECONDS)


def test_a_second_run_on_the_same_folder_is_refused(running: ChildProcess, data: Path) -> None:
    second = run_services("--data", data)
    assert (second.returncode, second.stdout) == (2, "")
    assert f"{data} is in use by another" in second.stderr
    assert "Traceback" not in second.stderr
    assert running.is_running


def test_runs_on_different_folders_stand_side_by_side(running: ChildProcess, tmp_path: Path, reachable: Path) -> None:
    (tmp_path / "second").mkdir()
    with services(tmp_path / "second", "--data", reachable / "second") as second:
        addresses = [*await_ready(running).values(), *await_ready(second).values()]
    assert len(set(addresses)) == 6


def test_a_server_that_is_given_is_not_started(tmp_path: Path, fresh: Path) -> None:
    given = {"DATABASE_URL": "postgresql://elsewhere/payday?a=1&b=2", "CACHE_URL": "redis://elsewhere/3"}
    with services(tmp_path, "--data", fresh, **given) as child:
        exported = await_ready(child)
        assert sorted(path.name for path in fresh.iterdir()) == ["broker", "broker.log", "lock"]
    assert exported["CACHE_URL"] == given["CACHE_URL"]
    assert exported["DATABASE_URL"] == f"'{given['DATABASE_URL']}'"


def test_nothing_is_touched_when_all_servers_are_given(tmp_path: Path, fresh: Path) -> None:
    given = dict.fromkeys(("DATABASE_URL", "CELERY_BROKER_URL", "CACHE_URL"), "redis://elsewhere/0")
    with services(tmp_path, "--data", fresh, **given) as child:
        assert await_ready(child) == given
    assert not fresh.exists()


def test_json_is_one_object(tmp_path: Path, data: Path) -> None:
    def printed() -> list[str]:
        return [line for line in child.log_path.read_text().splitlines() if line.startswith("{")]

    given = {"DATABASE_URL": "postgresql://elsewhere/payday"}
    with services(tmp_path, "--json", "--data", data, **given) as child:
        child.wait_until(lambda: bool(printed()), TIMEOUT_SECONDS)
        assert list(json.loads(printed()[0])) == ["DATABASE_URL", "CELERY_BROKER_URL", "CACHE_URL"]


def test_a_server_that_fails_ends_the_run_with_its_last_words(running: ChildProcess, data: Path) -> None:
    broker = int((data / "broker" / "valkey.pid").read_text())
    os.kill(broker, signal.SIGKILL)
    assert running.wait(TIMEOUT_SECONDS) == 1
    assert "Valkey ended with status -9" in running.log_tail(100)
    assert processes_of(data) == []


@pytest.mark.skipif(not AS_ROOT, reason="an ordinary user's servers run as that user")
def test_a_folder_closed_to_the_servers_user_is_refused_and_left_as_it_is(reachable: Path) -> None:
    closed = reachable / "closed"
    closed.mkdir(mode=0o700)
    refused = run_services("--data", closed / "data")
    assert (refused.returncode, refused.stdout) == (2, "")
    assert f"cannot enter {closed}: choose --data under /var/tmp, or allow it with: chmod o+x {closed}" in (
        refused.stderr
    )
    assert "Traceback" not in refused.stderr
    assert closed.stat().st_mode & 0o777 == 0o700
    assert list(closed.iterdir()) == []


def test_an_ordinary_user_needs_no_copy_and_no_other_user(reachable: Path) -> None:
    found = ordinary_user()
    if found is None:
        pytest.skip("no interpreter or no checkout that an ordinary user can read")
    account, python = found
    home = reachable / "home"
    home.mkdir()
    shutil.chown(home, account.uid, account.gid)
    path = os.pathsep.join([str(REPOSITORY), *site.getsitepackages()])
    command = [python, "-c", SOURCE]
    with subprocess.Popen(
        command,
        cwd=home,
        env=environment(HOME=str(home), PYTHONPATH=path),
        stdout=subprocess.PIPE,
        text=True,
        user=account.uid if AS_ROOT else None,
        group=account.gid if AS_ROOT else None,
        extra_groups=[] if AS_ROOT else None,
    ) as process:
        assert process.stdout
        lines = [process.stdout.readline() for _ in range(4)]
        assert lines[-1] == "ready\n"
        execute(lines[0].strip().partition("=")[2], "CREATE TABLE ours ()")
        owners = {path.stat().st_uid for path in (home / ".payday").iterdir()}
        assert owners == {account.uid}
        servers = [Path(f"/proc/{pid}") for pid in processes_of(home)]
        assert len(servers) >= 3
        assert {server.stat().st_uid for server in servers} == {account.uid}
        process.send_signal(signal.SIGINT)
        assert process.wait(TIMEOUT_SECONDS) == 0
    assert processes_of(home) == []
