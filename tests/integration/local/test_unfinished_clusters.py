"""What a killed initdb left: it is removed once nobody works in it, whoever tidies up meanwhile."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.local.cluster import ensure_cluster
from deploy.local.errors import ChildFailedError, LocalServerError
from deploy.local.orphans import wait_until_unknown

WAITS = [sys.executable, "-c", "import sys; print(flush=True); sys.stdin.read()"]


@pytest.fixture(params=["is in it", "was told of it", "will go there"])
def worker(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A process that works in the folder until its input ends."""
    words = [*WAITS, str(tmp_path)] if request.param == "was told of it" else WAITS
    place = tmp_path if request.param == "is in it" else Path("/")
    told = {"PGDATA": str(tmp_path)} if request.param == "will go there" else {}
    with subprocess.Popen(
        words, cwd=place, env={**os.environ, **told}, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        yield process


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux says where a process works")
def test_a_folder_is_given_up_when_nobody_works_there_or_will(
    worker: subprocess.Popen[bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("deploy.local.orphans.KILL_SECONDS", 0.1)
    with pytest.raises(LocalServerError, match=str(worker.pid)):
        wait_until_unknown(tmp_path)
    worker.communicate()
    wait_until_unknown(tmp_path)


def test_a_file_that_vanishes_keeps_nothing_from_being_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    workshop = tmp_path / ".postgres.new-1"
    (workshop / "cluster").mkdir(parents=True)
    lock = workshop / "cluster" / "postmaster.pid"
    lock.touch()
    remove = shutil.rmtree

    def outrun(folder: Path) -> None:
        if lock.exists():
            lock.unlink()
            raise FileNotFoundError(2, "No such file or directory", lock.name)
        remove(folder)

    monkeypatch.setattr("deploy.local.cluster.shutil.rmtree", outrun)
    with pytest.raises(ChildFailedError):  # there is no initdb there
        ensure_cluster(tmp_path / "postgres", tmp_path, None, durable=False)
    assert not workshop.exists()
