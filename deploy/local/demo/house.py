"""All that the demo runs on: servers, a fresh database, and Payday's processes."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path

import redis

from deploy.local.demo.database import make_anew
from deploy.local.demo.environment import demo_environment
from deploy.local.demo.interruption import Interrupted
from deploy.local.demo.processes import FLOWER_USER, Processes
from deploy.local.demo.screen import Screen
from deploy.local.demo.wishes import declined_payers
from deploy.local.errors import ChildFailedError
from deploy.local.folder import DataFolder
from deploy.local.servers import DATABASE, LocalServers
from shared.db import migrate

FOLDER = "demo"
GRACE_SECONDS = 2.0


class House:
    """Opens in steps that the screen shows; `close` ends whatever was opened."""

    def __init__(self, data_dir: Path, screen: Screen, check_interruption: Callable[[], None]) -> None:
        self._screen = screen
        self._servers = LocalServers(data_dir, os.environ, on_progress=lambda _: check_interruption())
        # Our processes' files stand apart from the servers', which as root belong to another user.
        self._folder = DataFolder(data_dir / FOLDER, account=None)
        self.processes = Processes(self._folder.path, check_interruption)
        self._environment: dict[str, str] = {}

    def open(self, today: date, schedules: int) -> None:
        """Everything but beat, ready to be used. Raises LocalServerError."""
        with self._screen.step("PostgreSQL, broker and cache are up"):
            self._servers.start()
            self._folder.open()
            if self._servers.broker is not None:
                # Messages of an earlier demo; a broker that is somebody else's is left as it is.
                with redis.Redis.from_url(self._servers.broker.url) as client:
                    client.flushall()
        self._environment = self._fresh_environment(today, schedules)
        self._start_processes(schedules)

    def pay(self) -> None:
        """Starts beat, once a worker is there: from now on what is due is paid."""
        with self._screen.step(f"Flower shows the worker: {self.processes.flower_url}"):
            self.processes.wait_for_worker()
        self._screen.say(f"    user {FLOWER_USER}, password {self.processes.flower_password}")
        self.processes.start_beat(self._environment)

    def check(self) -> None:
        """Raises ChildFailedError when a server or process has ended by itself, Interrupted after Ctrl-C."""
        self._servers.check()
        self.processes.check()

    def cause_of(self, trouble: Exception) -> Exception:
        """The process that died, when one did: that is why nobody answers."""
        deadline = time.monotonic() + GRACE_SECONDS
        while time.monotonic() < deadline:
            try:
                self.check()
            except (ChildFailedError, Interrupted) as cause:
                return cause
            time.sleep(GRACE_SECONDS / 20)
        return trouble

    def close(self) -> None:
        """Stops all that was started and frees the folder."""
        self.processes.stop()
        self._folder.close()
        self._servers.stop()

    def _fresh_environment(self, today: date, schedules: int) -> dict[str, str]:
        servers = self._servers.environment()
        with self._screen.step("A fresh database is migrated"):
            servers[DATABASE] = make_anew(servers[DATABASE])
            migrate.upgrade(servers[DATABASE])
        return demo_environment(
            os.environ,
            servers,
            bank_url=self.processes.bank_url,
            receiver_url=self.processes.receiver_url,
            today=today,
            schedules=schedules,
        )

    def _start_processes(self, schedules: int) -> None:
        environment, processes = self._environment, self.processes
        with self._screen.step(f"The sandbox bank is open: {processes.bank_url}"):
            bank = processes.start_bank(environment["PROVIDER_TOKEN"], self._faults(schedules))
            processes.wait_for_answer(bank, processes.bank_url, "/healthz")
        with self._screen.step(f"The sandbox receiver hears: {processes.receiver_url}"):
            receiver = processes.start_receiver(environment)
            processes.wait_for_answer(receiver, processes.receiver_url, "/healthz")
        with self._screen.step(f"The API answers: {processes.api_url}/docs"):
            api = processes.start_api(environment)
            processes.wait_for_answer(api, processes.api_url, "/readyz")
        # They come up while schedules are created.
        processes.start_worker(environment)
        processes.start_flower(environment)

    def _faults(self, schedules: int) -> Path:
        """What the bank is told to decline."""
        path = self._folder.path / "faults.json"
        declines = declined_payers(schedules).items()
        path.write_text(json.dumps([{"fault": "decline", "payerId": payer, "code": code} for payer, code in declines]))
        return path
