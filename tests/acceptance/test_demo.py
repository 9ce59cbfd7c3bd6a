"""The demo, end to end: what a newcomer sees first."""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import site
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from deploy.local.processes import wait_for
from tests.acceptance.demo_command import ROOT, SCHEDULES, DemoProcess
from tests.ordinary_user import AS_ROOT, ordinary_user

pytestmark = pytest.mark.xdist_group("demo")
TIMEOUT_SECONDS = 60.0


@pytest.fixture(scope="module")
def module_folder() -> Iterator[Path]:
    """A folder that the servers' user can pass through, which pytest's own are not for root."""
    path = Path(tempfile.mkdtemp(prefix="payday-test-"))
    path.chmod(0o755)
    yield path.resolve()
    shutil.rmtree(path)


@pytest.fixture
def folder() -> Iterator[Path]:
    path = Path(tempfile.mkdtemp(prefix="payday-test-"))
    path.chmod(0o755)
    yield path.resolve()
    shutil.rmtree(path)


@pytest.fixture(scope="module")
def standing(module_folder: Path) -> Iterator[DemoProcess]:
    """A demo that has paid its day and stays up."""
    with DemoProcess(module_folder) as demo:
        demo.summary()
        yield demo


@pytest.fixture(scope="module")
def summary(standing: DemoProcess) -> dict[str, Any]:
    return standing.summary()


@pytest.fixture
def flower(summary: dict[str, Any]) -> Iterator[requests.Session]:
    """A session with Flower's user and password."""
    where = summary["addresses"]
    with requests.Session() as session:
        session.auth = (where["flowerUser"], where["flowerPassword"])
        yield session


def assert_as_planned(summary: dict[str, Any]) -> None:
    assert summary["asPlanned"], summary["differences"]
    counts = {name: summary[name]["count"] for name in ("due", "paid", "declined", "unknown")}
    assert counts["due"] == counts["paid"] + counts["declined"]
    assert (counts["unknown"], summary["schedules"]) == (0, int(SCHEDULES))
    assert counts["due"] > 100
    assert set(summary["declines"]) == {"account_closed", "insufficient_funds"}
    assert counts["declined"] == sum(summary["declines"].values())
    assert summary["cancelledToday"] > 0
    assert summary["journal"] == {"payments": counts["paid"], "transactions": counts["paid"]}
    told = summary["notices"]["byType"]
    assert told["paid"] == {"payer": counts["paid"], "payee": counts["paid"]}
    assert told["failed"] == {"payer": counts["declined"]}
    assert summary["notices"]["badSignatures"] == 0


def test_the_day_goes_as_planned_and_the_bank_agrees(summary: dict[str, Any]) -> None:
    assert_as_planned(summary)
    assert set(summary["paid"]["amounts"]) == {"BHD", "EUR", "GBP", "JPY"}


def test_the_31st_returns_after_shorter_months(summary: dict[str, Any]) -> None:
    days = [int(date[8:]) for date in summary["monthEnd"]]
    assert days[0] == 31
    assert set(days) <= {28, 29, 30, 31}
    assert days.count(31) >= 3


def test_the_summary_is_what_the_api_says(summary: dict[str, Any]) -> None:
    words = shlex.split(summary["addresses"]["curl"])
    assert words[:3] == ["curl", "-s", "-H"]
    name, _, value = words[3].partition(": ")
    shown = requests.get(words[4], headers={name: value}, timeout=TIMEOUT_SECONDS).json()
    assert len(shown["data"]) == 5
    docs = requests.get(summary["addresses"]["docs"], timeout=TIMEOUT_SECONDS)
    assert (docs.status_code, "html" in docs.headers["Content-Type"]) == (200, True)


def test_the_receiver_has_the_notices_that_the_summary_counts(summary: dict[str, Any]) -> None:
    shown = requests.get(f"{summary['addresses']['receiver']}/summary", timeout=TIMEOUT_SECONDS).json()
    assert shown["byType"]["paid"] == summary["notices"]["byType"]["paid"]
    unsigned = requests.post(f"{summary['addresses']['receiver']}/notices", b"{}", timeout=TIMEOUT_SECONDS)
    assert unsigned.status_code == 401


def test_a_second_demo_in_the_same_folder_is_refused(standing: DemoProcess, folder: Path) -> None:
    with DemoProcess(folder, "--data", str(standing.data)) as second:
        assert second.end() == 2
        assert "is in use by another" in second.said
        assert "Traceback" not in second.said


@pytest.mark.parametrize("path", ["/", "/api/workers", "/api/tasks", "/tasks", "/broker"])
def test_flower_shows_nothing_to_strangers(summary: dict[str, Any], path: str) -> None:
    url = summary["addresses"]["flower"] + path
    assert requests.get(url, timeout=TIMEOUT_SECONDS).status_code == 401
    assert requests.get(url, auth=("demo", "guess"), timeout=TIMEOUT_SECONDS).status_code == 401


def test_flower_shows_the_worker_and_its_queues(flower: requests.Session, summary: dict[str, Any]) -> None:
    workers: dict[str, Any] = {}

    def seen() -> bool:
        url = f"{summary['addresses']['flower']}/api/workers"
        workers.update(flower.get(url, timeout=TIMEOUT_SECONDS).json())
        return len(workers) == 1 and all("active_queues" in worker for worker in workers.values())

    assert wait_for(seen, TIMEOUT_SECONDS), workers
    [worker] = workers.values()
    assert {queue["name"] for queue in worker["active_queues"]} == {"dispatch", "pay", "bulk", "upkeep"}


def test_flower_shows_batches_with_readable_arguments(flower: requests.Session, summary: dict[str, Any]) -> None:
    url = f"{summary['addresses']['flower']}/api/tasks?taskname=payday.pay"

    def tasks() -> list[dict[str, Any]]:
        return list(flower.get(url, timeout=TIMEOUT_SECONDS).json().values())

    # The day is over when its last batch is settled; that its task has ended is told a moment later.
    assert wait_for(lambda: {task["state"] for task in tasks()} == {"SUCCESS"}, TIMEOUT_SECONDS), tasks()
    for task in tasks():
        assert task["kwargs"].startswith("{'batch_id': ")
        assert f"'run_date': '{summary['date']}'" in task["kwargs"]


@pytest.mark.parametrize(
    "path",
    [
        "/api/worker/shutdown/{worker}",
        "/api/worker/pool/grow/{worker}",
        "/api/worker/queue/cancel-consumer/{worker}?queue=pay",
        "/api/task/async-apply/payday.dispatch",
        "/api/task/send-task/payday.dispatch",
        "/api/task/revoke/8c5b0d2e-0000-4000-8000-000000000000?terminate=true",
        "/api/task/rate-limit/payday.pay?ratelimit=1",
    ],
)
def test_flower_looks_and_never_touches(
    flower: requests.Session, summary: dict[str, Any], standing: DemoProcess, path: str
) -> None:
    url = summary["addresses"]["flower"]
    [worker] = flower.get(f"{url}/api/workers", timeout=TIMEOUT_SECONDS).json()
    before = standing.settled()
    answer = flower.post(url + path.format(worker=worker), timeout=TIMEOUT_SECONDS)
    assert (answer.status_code, answer.text) == (403, "Read only mode is enabled")
    assert standing.settled() == before


def test_flower_does_not_start_without_a_password() -> None:
    command = ["celery", "-A", "worker_service.celery_app", "flower", "--conf=deploy/flowerconfig.py"]
    environment = {"PATH": os.environ["PATH"], "CELERY_BROKER_URL": "redis://127.0.0.1:1/0"}
    finished = subprocess.run(
        [sys.executable, "-m", *command],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=TIMEOUT_SECONDS,
        check=False,
    )
    assert finished.returncode == 2
    assert "FLOWER_BASIC_AUTH: is not set" in finished.stderr
    assert "Traceback" not in finished.stderr


@pytest.mark.parametrize(
    ("moment", "numbers"),
    [
        pytest.param("PostgreSQL", [signal.SIGTERM], id="early"),
        pytest.param(
            "The API answers", [signal.SIGINT, signal.SIGINT], id="twice while it creates", marks=pytest.mark.all
        ),
    ],
)
def test_a_signal_while_it_works_leaves_no_process(folder: Path, moment: str, numbers: list[signal.Signals]) -> None:
    with DemoProcess(folder) as demo:
        demo.wait_until_said(moment)
        assert demo.processes()
        assert demo.end(*numbers) == 128 + numbers[0]
        assert demo.processes() == {}
        assert "Traceback" not in demo.said


@pytest.mark.all
def test_a_killed_demo_takes_its_processes_along_and_the_next_one_ends_with_0(folder: Path) -> None:
    with DemoProcess(folder) as killed:
        killed.wait_until_said("Some are cancelled")
        assert killed.end(signal.SIGKILL) == -signal.SIGKILL
    with DemoProcess(folder, "--exit") as demo:
        assert_as_planned(demo.summary())
        assert demo.end() == 0
        assert demo.processes() == {}
    assert wait_for(lambda: killed.processes() == {}, TIMEOUT_SECONDS)


def test_a_process_that_dies_ends_the_demo_with_its_last_words(folder: Path) -> None:
    with DemoProcess(folder) as demo:
        demo.wait_until_said("The API answers")
        os.kill(min(pid for pid, command in demo.processes().items() if "gunicorn" in command), signal.SIGKILL)
        assert demo.end() == 1
        assert "payday demo: api ended with status -9; the end of " in demo.said
        assert "Traceback" not in demo.said
        assert demo.processes() == {}


def imports_our_packages(python: str, path: str) -> bool:
    """Another interpreter than the one they were installed for may lack some that only it needs."""
    command = [python, "-c", "import celery, flower, psycopg2, redis"]
    return subprocess.run(command, env={"PYTHONPATH": path}, capture_output=True, check=False).returncode == 0


@pytest.mark.all
def test_the_demo_works_for_an_ordinary_user_too(folder: Path) -> None:
    found = ordinary_user()
    path = os.pathsep.join([str(ROOT), *site.getsitepackages()])
    if found is None or not imports_our_packages(found[1], path):
        pytest.skip("no interpreter or no checkout that an ordinary user can read")
    account, python = found
    shutil.chown(folder, account.uid, account.gid)
    other = {"user": account.uid, "group": account.gid, "extra_groups": []} if AS_ROOT else {}
    with DemoProcess(folder, "--exit", python=python, env={"PYTHONPATH": path, "HOME": str(folder)}, **other) as demo:
        assert_as_planned(demo.summary())
        owners = {path.stat().st_uid for path in demo.data.rglob("*")}
        assert (demo.end(), owners) == (0, {account.uid})
        assert demo.processes() == {}


def test_ctrl_c_ends_a_demo_that_stays_up(standing: DemoProcess) -> None:
    assert len(standing.processes()) > 10
    assert standing.end(signal.SIGINT) == 130
    assert standing.processes() == {}
    assert "Traceback" not in standing.said
