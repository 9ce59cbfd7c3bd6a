import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from deploy.local.errors import ChildFailedError
from deploy.local.processes import ChildProcess, wait_for

TIMEOUT_SECONDS = 60.0


def shell(tmp_path: Path, script: str, **options: object) -> ChildProcess:
    return ChildProcess("child", ["/bin/sh", "-c", script], tmp_path / "child.log", **options)  # type: ignore[arg-type]


def is_alive(pid: int) -> bool:
    """A process that has ended but was not yet waited for counts as ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_a_child_is_awaited_until_it_is_ready(tmp_path: Path) -> None:
    ready = tmp_path / "ready"
    with shell(tmp_path, f"touch {ready}; exec sleep 60") as child:
        child.wait_until(ready.exists, TIMEOUT_SECONDS)
        child.check()
        assert child.is_running
    assert child.exit_status == -signal.SIGTERM


def test_a_child_that_ends_before_it_is_ready_shows_the_end_of_its_log(tmp_path: Path) -> None:
    child = shell(tmp_path, "seq 100; echo no such setting >&2; exit 3")
    child.start()
    with pytest.raises(ChildFailedError, match="ended with status 3") as failure:
        child.wait_until(lambda: False, TIMEOUT_SECONDS)
    assert failure.value.log_tail.splitlines()[-2:] == ["100", "no such setting"]
    assert len(failure.value.log_tail.splitlines()) == 20
    with pytest.raises(ChildFailedError, match="status 3"):
        child.check()


def test_a_child_that_is_not_ready_in_time_is_reported(tmp_path: Path) -> None:
    with shell(tmp_path, "echo thinking; exec sleep 60") as child:
        wait_for(lambda: "thinking" in child.log_tail(), TIMEOUT_SECONDS)
        with pytest.raises(ChildFailedError, match=r"not ready after 0.1 seconds[^$]*thinking"):
            child.wait_until(lambda: False, 0.1)


def test_a_child_that_does_not_end_in_time_is_reported(tmp_path: Path) -> None:
    with shell(tmp_path, "exec sleep 60") as child, pytest.raises(ChildFailedError, match="did not end within"):
        child.wait(0.1)


def test_a_command_that_does_not_exist_says_so(tmp_path: Path) -> None:
    child = ChildProcess("child", ["/nowhere/at/all"], tmp_path / "child.log")
    child.start()
    with pytest.raises(ChildFailedError, match="/nowhere/at/all: No such file"):
        child.wait_until(lambda: False, TIMEOUT_SECONDS)


def test_a_child_that_ignores_the_order_to_stop_is_killed_with_all_it_started(tmp_path: Path) -> None:
    pid_path = tmp_path / "grandchild"
    child = shell(tmp_path, f"trap '' TERM; sleep 60 & echo $! > {pid_path}.new; mv {pid_path}.new {pid_path}; wait")
    child.start()
    child.wait_until(pid_path.exists, TIMEOUT_SECONDS)
    assert child.terminate(timeout_seconds=0.2) == -signal.SIGKILL
    assert wait_for(lambda: not is_alive(int(pid_path.read_text())), TIMEOUT_SECONDS)


def test_only_the_master_is_asked_to_stop(tmp_path: Path) -> None:
    """Its own children must be there for it to drain."""
    ready = tmp_path / "ready"
    script = (
        f"(trap 'echo child was asked' TERM; touch {ready}; while ! test -e {tmp_path}/go; do sleep 0.01; done;"
        f" echo child is done) & trap 'touch {tmp_path}/go; wait; echo all done; exit 0' TERM; wait"
    )
    child = shell(tmp_path, script)
    child.start()
    child.wait_until(ready.exists, TIMEOUT_SECONDS)
    assert child.terminate(TIMEOUT_SECONDS) == 0
    assert child.log_tail().splitlines() == ["child is done", "all done"]


def test_a_child_is_out_of_reach_of_the_terminals_ctrl_c(tmp_path: Path) -> None:
    with shell(tmp_path, "exec sleep 60") as child:
        assert os.getpgid(child.pid) == child.pid != os.getpgrp()


def test_a_signal_that_we_ignore_still_reaches_a_child(tmp_path: Path) -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    ready = tmp_path / "ready"
    try:
        with shell(tmp_path, f"touch {ready}; exec sleep 60") as child:
            child.wait_until(ready.exists, TIMEOUT_SECONDS)
            child.send_signal(signal.SIGINT)
            assert child.wait(TIMEOUT_SECONDS) == -signal.SIGINT
    finally:
        signal.signal(signal.SIGINT, before)


def test_a_log_goes_on_with_the_next_start_and_begins_anew_with_the_next_run(tmp_path: Path) -> None:
    child = shell(tmp_path, "echo $$")
    for _ in range(2):
        child.start()
        child.wait(TIMEOUT_SECONDS)
    assert child.log_tail() == str(child.pid)
    assert len(child.log_path.read_text().splitlines()) == 2
    again = shell(tmp_path, "echo anew")
    again.start()
    again.wait(TIMEOUT_SECONDS)
    assert again.log_path.read_text() == "anew\n"


def test_a_child_gets_the_environment_and_folder_that_it_is_given_and_no_other(tmp_path: Path) -> None:
    child = shell(tmp_path, "echo $PWD $PAYDAY_TEST $HOME", env={"PAYDAY_TEST": "yes"}, cwd=tmp_path)
    child.start()
    child.wait(TIMEOUT_SECONDS)
    assert child.log_tail().split() == [str(tmp_path), "yes"]


def test_a_child_cannot_be_started_twice(tmp_path: Path) -> None:
    with shell(tmp_path, "exec sleep 60") as child, pytest.raises(RuntimeError, match="runs already"):
        child.start()


@pytest.mark.parametrize("stop_signal", [signal.SIGTERM, signal.SIGINT])
def test_a_child_ends_by_its_own_signal_when_its_parent_is_killed(tmp_path: Path, stop_signal: signal.Signals) -> None:
    source = f"""
import signal, time
from pathlib import Path
from deploy.local.processes import ChildProcess
script = "trap 'echo TERM > {tmp_path}/heard; exit' TERM; trap 'echo INT > {tmp_path}/heard; exit' INT;"
script += "echo $$ > {tmp_path}/pid.new; mv {tmp_path}/pid.new {tmp_path}/pid; while :; do sleep 0.01; done"
child = ChildProcess("child", ["/bin/sh", "-c", script], Path("{tmp_path}/log"), stop_signal=signal.{stop_signal.name})
child.start()
time.sleep(60)
"""
    with subprocess.Popen([sys.executable, "-c", source]) as parent:
        assert wait_for((tmp_path / "pid").exists, TIMEOUT_SECONDS)
        pid = int((tmp_path / "pid").read_text())
        assert is_alive(pid)
        parent.kill()
    assert wait_for(lambda: not is_alive(pid), TIMEOUT_SECONDS)
    assert (tmp_path / "heard").read_text().strip() == stop_signal.name.removeprefix("SIG")
