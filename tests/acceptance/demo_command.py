"""`payday demo` as a process of its own, for tests."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import uuid
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from deploy.local.processes import wait_for

ROOT = Path(__file__).parents[2]
SCHEDULES = "150"
UP_SECONDS = 120.0
END_SECONDS = 60.0
KEPT = ("PATH", "HOME", "TMPDIR", "PYTHONPATH")


class DemoProcess:
    """A demo that was started; its processes are known by a mark in their environment or by their folder."""

    def __init__(self, folder: Path, *options: str, python: str = sys.executable, **popen: Any) -> None:
        self.data = folder / "data"
        self._mark = f"PYTHON_PAYDAY_DEMO={uuid.uuid4().hex}"
        name, _, value = self._mark.partition("=")
        environment: Mapping[str, str] = {key: os.environ[key] for key in KEPT if key in os.environ}
        environment = {**environment, **popen.pop("env", {}), name: value}
        self._out, self._err = folder / "out", folder / "err"
        command = [python, "-m", "deploy.cli", "demo", "--json", "--data", str(self.data), "--schedules", SCHEDULES]
        with self._out.open("wb") as out, self._err.open("wb") as err:
            self._process = subprocess.Popen(
                [*command, *options], cwd=ROOT, env=environment, stdout=out, stderr=err, **popen
            )

    def summary(self) -> dict[str, Any]:
        """What it prints when the day is over."""
        assert wait_for(lambda: self._out.read_text().endswith("\n") or self._ended, UP_SECONDS), self.said
        assert self._out.read_text(), self.said
        summary: dict[str, Any] = json.loads(self._out.read_text())
        return summary

    def wait_until_said(self, words: str) -> None:
        """Returns when its progress shows these words."""
        assert wait_for(lambda: words in self.said or self._ended, UP_SECONDS), self.said
        assert words in self.said, self.said

    @property
    def said(self) -> str:
        """Its progress so far."""
        return self._err.read_text()

    def end(self, *numbers: signal.Signals) -> int:
        """Its exit status, after these signals."""
        for number in numbers:
            self._process.send_signal(number)
        return self._process.wait(END_SECONDS)

    def processes(self) -> dict[int, str]:
        """Every living process that belongs to it, with its command."""
        found = {}
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                command = (folder / "cmdline").read_bytes().decode(errors="replace")
                environment = (folder / "environ").read_bytes().decode(errors="replace")
            except OSError:
                continue
            if command and (self._mark in environment or str(self.data) in command):
                found[int(folder.name)] = command.replace("\0", " ")
        return found

    def settled(self) -> dict[int, str]:
        """Its processes, once they are the same twice: one that forks has for a moment another of its name."""
        found = self.processes()
        while (again := self.processes()) != found:
            found = again
        return found

    @property
    def _ended(self) -> bool:
        return self._process.poll() is not None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if not self._ended:
            self._process.send_signal(signal.SIGTERM)
            self._process.wait(END_SECONDS)
