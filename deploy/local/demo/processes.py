"""The demo's own processes, each started as an operator would start it."""

from __future__ import annotations

import contextlib
import secrets
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import deploy
from deploy.local.demo.client import HttpClient, NoAnswerError, basic
from deploy.local.demo.failure import DemoFailedError
from deploy.local.ports import LOOPBACK, free_port
from deploy.local.processes import ChildProcess, wait_for

DEPLOY = Path(deploy.__file__).parent
CELERY = ("celery", "-A", "worker_service.celery_app")
START_SECONDS = 60.0
STOP_SECONDS = 15.0
FLOWER_USER = "demo"
POOL = 2


class Processes:
    """Bank, API, worker, beat and Flower; their logs stand in `folder`. Start them from the main thread."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.bank_url, self.api_url, self.flower_url = (f"http://{LOOPBACK}:{free_port()}" for _ in range(3))
        self.flower_password = secrets.token_urlsafe(9)
        self._started: list[ChildProcess] = []

    def start_bank(self, token: str, faults: Path) -> ChildProcess:
        """The sandbox bank, with a journal of its own for this demo."""
        journal = self.folder / "bank.journal"
        journal.unlink(missing_ok=True)
        options = ["--port", _port(self.bank_url), "--token", token, "--journal", str(journal), "--faults", str(faults)]
        return self._start("bank", ["deploy.local.bank", *options])

    def start_api(self, environment: Mapping[str, str]) -> ChildProcess:
        options = ["-c", str(DEPLOY / "gunicorn.conf.py"), "--bind", self.api_url.removeprefix("http://")]
        return self._start("api", ["gunicorn", *options, "api_service.wsgi:app"], environment)

    def start_worker(self, environment: Mapping[str, str]) -> ChildProcess:
        return self._start("worker", [*CELERY, "worker", "--concurrency", str(POOL)], environment)

    def start_beat(self, environment: Mapping[str, str]) -> ChildProcess:
        return self._start("beat", [*CELERY, "beat"], environment)

    def start_flower(self, environment: Mapping[str, str]) -> ChildProcess:
        # The password goes by the environment: everybody can read a command line.
        login = {"FLOWER_BASIC_AUTH": f"{FLOWER_USER}:{self.flower_password}"}
        options = [f"--conf={DEPLOY / 'flowerconfig.py'}", f"--address={LOOPBACK}", f"--port={_port(self.flower_url)}"]
        return self._start("flower", [*CELERY, "flower", *options], {**environment, **login})

    def wait_for_answer(self, child: ChildProcess, url: str, path: str) -> None:
        """Return when `child` answers 200 at `path`. Raises ChildFailedError."""
        client = HttpClient(url)

        def answers() -> bool:
            with contextlib.suppress(NoAnswerError):
                return client.call("GET", path).status == 200
            return False

        child.wait_until(answers, START_SECONDS)

    def wait_for_worker(self) -> None:
        """Return when Flower shows a worker and its queues. Raises ChildFailedError, DemoFailedError."""
        client = HttpClient(self.flower_url, basic(FLOWER_USER, self.flower_password))

        def shown() -> bool:
            self.check()
            with contextlib.suppress(NoAnswerError):
                answer = client.call("GET", "/api/workers?refresh=1")
                return answer.status == 200 and any("active_queues" in worker for worker in answer.json().values())
            return False

        if not wait_for(shown, START_SECONDS):
            raise DemoFailedError(f"no worker showed up within {START_SECONDS:g} seconds; see {self.folder}/worker.log")

    def check(self) -> None:
        """Raise ChildFailedError when one has ended by itself."""
        for child in self._started:
            child.check()

    def stop(self) -> None:
        """Ask all to stop at once, those that start work first, then see to it that they are gone."""
        for child in reversed(self._started):
            child.send_signal(child.stop_signal)
        for child in reversed(self._started):
            if child.is_running:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    child.wait(STOP_SECONDS)
            child.kill()
        self._started.clear()

    def _start(self, name: str, module: Sequence[str], environment: Mapping[str, str] | None = None) -> ChildProcess:
        # From the code's own folder, so that the children run the same code as we do, wherever it was copied to.
        child = ChildProcess(
            name, [sys.executable, "-m", *module], self.folder / f"{name}.log", environment, DEPLOY.parent
        )
        # Before the start: one that is interrupted right after it must be stopped, too.
        self._started.append(child)
        child.start()
        return child


def _port(url: str) -> str:
    return url.rsplit(":", 1)[1]
