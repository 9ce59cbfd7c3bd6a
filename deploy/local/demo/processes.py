"""The demo's own processes, each started as an operator would start it."""

from __future__ import annotations

import contextlib
import secrets
import sys
from collections.abc import Callable, Mapping, Sequence
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
    """Bank, receiver, API, worker, beat and Flower; their logs stand in `folder`. Start them from the main thread.

    `check_interruption` is asked while they are waited for; what it raises goes through.
    """

    def __init__(self, folder: Path, check_interruption: Callable[[], None]) -> None:
        self.folder = folder
        self._check_interruption = check_interruption
        self.bank_url, self.receiver_url, self.api_url, self.flower_url = (
            f"http://{LOOPBACK}:{free_port()}" for _ in range(4)
        )
        self.flower_password = secrets.token_urlsafe(9)
        self._started: list[ChildProcess] = []

    def start_bank(self, token: str, faults: Path) -> ChildProcess:
        """The sandbox bank, with a journal of its own for this demo."""
        journal = self._journal("bank")
        options = ["--port", _port(self.bank_url), "--token", token, "--journal", journal, "--faults", str(faults)]
        return self._start("bank", ["deploy.local.bank", *options])

    def start_receiver(self, environment: Mapping[str, str]) -> ChildProcess:
        """The sandbox receiver, which knows the secret from its environment."""
        options = ["--port", _port(self.receiver_url), "--journal", self._journal("receiver")]
        return self._start("receiver", ["deploy.local.receiver", *options], environment)

    def start_api(self, environment: Mapping[str, str]) -> ChildProcess:
        # A worker that was forked the moment before does not hear that it should stop.
        options = ["--bind", self.api_url.removeprefix("http://"), "--graceful-timeout", "5"]
        command = ["gunicorn", "-c", str(DEPLOY / "gunicorn.conf.py"), *options, "api_service.wsgi:app"]
        return self._start("api", command, environment)

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
            self._check_interruption()
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
        """Raise ChildFailedError when one has ended by itself, and what the interruption raises."""
        self._check_interruption()
        for child in self._started:
            child.check()

    def stop(self) -> None:
        """Ask all to stop at once, those that start work first, then see to it that they are gone."""
        for child in reversed(self._started):
            child.send_signal(child.stop_signal)
        for child in reversed(self._started):
            wait_for(lambda child=child: not child.is_running, STOP_SECONDS)  # type: ignore[misc]
            child.kill()
        self._started.clear()

    def _journal(self, name: str) -> str:
        """One of its own for this demo."""
        journal = self.folder / f"{name}.journal"
        journal.unlink(missing_ok=True)
        return str(journal)

    def _start(self, name: str, module: Sequence[str], environment: Mapping[str, str] | None = None) -> ChildProcess:
        # From the code's own folder, so that the children run the same code as we do, wherever it was copied to.
        child = ChildProcess(
            name, [sys.executable, "-m", *module], self.folder / f"{name}.log", environment, DEPLOY.parent
        )
        child.start()
        self._started.append(child)
        return child


def _port(url: str) -> str:
    return url.rsplit(":", 1)[1]
