"""The command `payday` as a process of its own, for tests."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
import structlog

from deploy.cli.main import main

REPOSITORY = Path(__file__).parents[3]
TIMEOUT_SECONDS = 60.0
# Of our environment, so that no setting of the shell that runs the tests gets in.
KEPT = ("PATH", "HOME", "TMPDIR", "PYTHONPATH", "LANG", "LC_ALL")
Finished = subprocess.CompletedProcess[str]
Payday = Callable[..., Finished]


def payday(*words: str, **settings: str) -> Finished:
    """Runs a command to its end, with these settings and no others."""
    environment = {name: os.environ[name] for name in KEPT if name in os.environ} | settings
    return subprocess.run(
        [sys.executable, "-m", "deploy.cli", *words],
        cwd=REPOSITORY,
        env=environment,
        capture_output=True,
        text=True,
        timeout=TIMEOUT_SECONDS,
        check=False,
    )


def inside(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Payday:
    """The same within this process, which is quick; for commands that load no Celery."""

    def call(*words: str, **settings: str) -> Finished:
        with monkeypatch.context() as patch:
            for name in set(os.environ) - set(KEPT):
                patch.delenv(name)
            for name, value in settings.items():
                patch.setenv(name, value)
            patch.setattr(logging.getLogger(), "handlers", [])
            capsys.readouterr()
            status = _exit_status(words)
            structlog.reset_defaults()
        printed = capsys.readouterr()
        return subprocess.CompletedProcess(words, status, printed.out, printed.err)

    return call


def _exit_status(words: Sequence[str]) -> int:
    try:
        return main(words)
    except SystemExit as end:  # argparse ends so
        return int(str(end.code))


def assert_refused(finished: Finished, *words: str, status: int = 2) -> None:
    """It ended with `status`, printed nothing, and said `words` on standard error without a traceback."""
    assert (finished.returncode, finished.stdout) == (status, ""), finished
    assert "Traceback" not in finished.stderr
    for word in words:
        assert word in finished.stderr
