"""Ctrl-C in the middle of `make bench`."""

from __future__ import annotations

import json
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil  # type: ignore[import-untyped]
import pytest

from deploy.local.processes import ChildProcess, wait_for
from tests.town import ROOT


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[ChildProcess]:
    """A run that has an older key's figure to keep."""
    results = tmp_path / "results.json"
    results.write_text(json.dumps({"older": {"what": "", "notes": []}, "machine": {}}))
    arguments = ["--only", "vs_celery", "--output", str(results), "--plots", str(tmp_path / "plots")]
    command = [sys.executable, "-m", "tests.benchmarks", *arguments]
    process = ChildProcess("bench", command, tmp_path / "bench.log", cwd=ROOT)
    process.start()
    yield process
    process.kill()


@pytest.mark.all
def test_ctrl_c_leaves_neither_servers_nor_bank_nor_workers_and_says_what_was_written(
    bench: ChildProcess, tmp_path: Path
) -> None:
    assert wait_for(lambda: _working(bench), 90), bench.log_tail()
    started = _below(bench)
    bench.send_signal(signal.SIGINT)
    assert bench.wait(60) == 130, bench.log_tail()
    assert wait_for(lambda: not _names(started), 30), _names(started)
    said = "".join(bench.log_tail(50).split())  # lines break where they are full, in the middle of a path, too
    assert "interrupted;everythingthatwasstartedhasended" in said
    assert "results.json:nothingnew" in said
    assert list(json.loads((tmp_path / "results.json").read_text())) == ["older", "machine"]


def _below(bench: ChildProcess) -> list[psutil.Process]:
    found: list[psutil.Process] = psutil.Process(bench.pid).children(recursive=True)
    return found


def _working(bench: ChildProcess) -> bool:
    """Whether a server and a peer's worker with its pool run."""
    names = _names(_below(bench))
    return any("postgres" in name for name in names) and sum(" work prefork" in name for name in names) > 2


def _names(processes: list[psutil.Process]) -> list[str]:
    return list(filter(None, map(_name, processes)))


def _name(process: psutil.Process) -> str:
    """Its command; nothing once it has ended, whether or not its parent has looked."""
    try:
        return " ".join(process.cmdline())
    except (psutil.NoSuchProcess, psutil.ZombieProcess):
        return ""
