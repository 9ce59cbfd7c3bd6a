"""The process that tells lives and dies with its worker, and is started again when it dies alone."""

from __future__ import annotations

import itertools
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from deploy.local.processes import wait_for
from tests.integration.notices.sending.outbox import facts, rows
from tests.integration.notices.sending.tellers import tellers
from tests.receiver import ReceiverProcess
from tests.world import World
from worker_service.telling_child import COMMAND, TellingChild

ROOT = Path(__file__).parents[4]
PATIENCE_SECONDS = 30.0
WORKER = (
    "import sys, time; from worker_service.telling_child import TellingChild; TellingChild().start(); time.sleep(300)"
)


@pytest.fixture
def child(world: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[TellingChild]:
    for name, value in world.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(ROOT)
    child = TellingChild(pause_seconds=0.05)
    yield child
    child.terminate()


def told(world: World) -> Callable[[], bool]:
    return lambda: not rows(world)


def test_it_tells_what_is_due_and_ends_when_asked(world: World, child: TellingChild, receiver: ReceiverProcess) -> None:
    ids = facts(world, 3)
    child.start()
    assert wait_for(told(world), PATIENCE_SECONDS)
    ids += facts(world, 2)
    assert wait_for(told(world), PATIENCE_SECONDS)
    assert receiver.ids() == ids
    (pid,) = tellers(os.getpid())
    assert os.getpriority(os.PRIO_PROCESS, pid) == 19
    child.stop()
    assert tellers(os.getpid()) == []


def test_one_that_dies_is_started_again(world: World, child: TellingChild) -> None:
    child.start()
    facts(world, 1)
    assert wait_for(told(world), PATIENCE_SECONDS)
    (first,) = tellers(os.getpid())
    os.kill(first, signal.SIGKILL)
    facts(world, 1)
    assert wait_for(told(world), PATIENCE_SECONDS)
    assert tellers(os.getpid()) != [first]


def test_one_that_always_dies_is_started_ever_more_rarely(tmp_path: Path) -> None:
    starts = tmp_path / "starts"
    child = TellingChild(("/bin/sh", "-c", f"date +%s.%N >> {starts}; exit 1"), pause_seconds=0.1)
    child.start()
    assert wait_for(lambda: starts.exists() and len(starts.read_text().split()) == 5, PATIENCE_SECONDS)
    child.terminate()
    at = [float(line) for line in starts.read_text().split()]
    for pause, (one, next_one) in zip((0.1, 0.2, 0.4, 0.8), itertools.pairwise(at), strict=True):
        assert next_one - one >= pause


def test_a_machine_that_has_no_room_for_it_gets_one_later(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    command = tmp_path / "teller"
    child = TellingChild((str(command),), pause_seconds=0.05)
    child.start()
    assert wait_for(lambda: "FileNotFoundError" in "".join(capfd.readouterr()), PATIENCE_SECONDS)
    told = tmp_path / "told"
    made = tmp_path / "made"
    made.write_text(f"#!/bin/sh\ntouch {told}\n")
    made.chmod(0o755)
    made.rename(command)
    assert wait_for(told.exists, PATIENCE_SECONDS)
    child.terminate()


def test_a_call_in_flight_does_not_hold_up_a_worker_that_ends(
    world: World, child: TellingChild, receiver: ReceiverProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("worker_service.telling_child.END_SECONDS", 0.2)
    facts(world, 1)
    receiver.fault(delaySeconds=14)
    child.start()
    assert wait_for(lambda: rows(world)[0].epoch == 1, PATIENCE_SECONDS)
    child.stop()
    assert tellers(os.getpid()) == []
    assert len(rows(world)) == 1


def test_none_is_left_of_a_worker_that_is_killed(world: World, receiver: ReceiverProcess) -> None:
    environment = {**os.environ, **{name: str(value) for name, value in world.environment.items()}}
    worker = subprocess.Popen([sys.executable, "-c", WORKER], cwd=ROOT, env=environment)
    facts(world, 1)
    assert wait_for(told(world), PATIENCE_SECONDS)
    assert len(tellers(worker.pid)) == 1
    worker.kill()
    worker.wait()
    assert wait_for(lambda: not tellers(worker.pid), PATIENCE_SECONDS)


def test_wrong_settings_are_said_and_end_it(world: World) -> None:
    environment = {**os.environ, **world.environment, "NOTIFY_SECRET": "rubbish"}
    ended = subprocess.run(
        [*COMMAND, str(os.getpid())], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert ended.returncode == 2
    assert "NOTIFY_SECRET" in ended.stderr
    assert "rubbish" not in ended.stderr
