"""Payday's own processes, started again when they end, as by systemd."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from random import Random

from deploy.local.ports import free_port
from deploy.local.processes import ChildProcess
from tests.chaos.signals import children, command_of
from tests.town import ROOT, Town

SENDER = "worker_service.telling"
WANTED = {"api": 1, "worker": 2, "beat": 1}
AGAIN_SECONDS = 1.0
ORPHANS_SECONDS = 6.0
"""So long the children of a killed process live on, if they do, before what is left of its group is killed."""
STOP_SECONDS = 25.0


class Crew:
    """So many processes of each kind as `wanted` says. Call `tend` often, from the main thread."""

    def __init__(self, town: Town, folder: Path) -> None:
        self.wanted = dict(WANTED)
        self.port = free_port()
        self.started = 0
        self._town = town
        self._folder = folder
        self._members: dict[str, list[ChildProcess]] = {kind: [] for kind in WANTED}
        self._not_before = dict.fromkeys(WANTED, 0.0)
        self._gone: list[tuple[float, ChildProcess]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def running(self, kind: str) -> list[ChildProcess]:
        return [member for member in self._members[kind] if member.is_running]

    def some(self, kind: str, rng: Random) -> list[ChildProcess]:
        """One of them; none where none runs."""
        running = self.running(kind)
        return [rng.choice(running)] if running else []

    @property
    def has_worker(self) -> bool:
        """Whether one of them takes messages."""
        return any(" ready." in worker.log_path.read_text(errors="replace") for worker in self.running("worker"))

    def children(self, kind: str) -> list[int]:
        """The pool's children of all workers, the processes behind gunicorn's master."""
        return [child for child in self._all_children(kind) if SENDER not in command_of(child)]

    @property
    def senders(self) -> list[int]:
        """The processes that tell the receiver, one beside each worker's pool."""
        return [child for child in self._all_children("worker") if SENDER in command_of(child)]

    def tend(self) -> None:
        """Buries what ended and starts what is missing."""
        now = time.monotonic()
        for kind, members in self._members.items():
            for member in [member for member in members if not member.is_running]:
                members.remove(member)
                self._gone.append((now + ORPHANS_SECONDS, member))
                self._not_before[kind] = now + AGAIN_SECONDS
            while len(members) > self.wanted[kind]:
                self._end([members.pop()])
            if now >= self._not_before[kind]:
                while len(members) < self.wanted[kind]:
                    members.append(self._start(kind))
        for due, member in list(self._gone):
            if now >= due:
                member.kill()
                self._gone.remove((due, member))

    def move(self, business_date: str) -> None:
        """Stops everybody and starts anew at another business date: no two may have different ones."""
        everybody = [member for members in self._members.values() for member in members]
        self._end(everybody)
        for members in self._members.values():
            members.clear()
        self._bury()
        self._town.environment["BUSINESS_DATE"] = self._town.business_date = business_date
        self.tend()

    def close(self) -> None:
        for members in self._members.values():
            for member in members:
                member.kill()
        self._bury()

    def _all_children(self, kind: str) -> list[int]:
        return [child for member in self.running(kind) for child in children(member.pid)]

    def _bury(self) -> None:
        for _, member in self._gone:
            member.kill()
        self._gone.clear()

    def _end(self, members: list[ChildProcess]) -> None:
        for member in members:
            member.send_signal(member.stop_signal)
        give_up = time.monotonic() + STOP_SECONDS
        for member in members:
            member.terminate(max(0.1, give_up - time.monotonic()))

    def _start(self, kind: str) -> ChildProcess:
        self.started += 1
        name = f"{kind}-{self.started}"
        celery = [sys.executable, "-m", "celery", "-A", "worker_service.celery_app"]
        commands = {
            "api": [sys.executable, "-m", "gunicorn", "-c", "deploy/gunicorn.conf.py", "api_service.wsgi:app"],
            "worker": [*celery, "worker", "--concurrency", "2", "--hostname", f"{name}@%h"],
            "beat": [*celery, "beat"],
        }
        environment = {**self._town.environment, "PORT": str(self.port), "WEB_CONCURRENCY": "1"}
        process = ChildProcess(name, commands[kind], self._folder / f"{name}.log", env=environment, cwd=ROOT)
        process.start()
        return process
