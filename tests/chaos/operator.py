"""An operator who lets runs go on that a wrong answer of the provider has paused."""

from __future__ import annotations

import threading

import requests

from tests.chaos.site import Site

LOOK_SECONDS = 2.0


class Operator:
    """Looks every two seconds, in a thread of its own."""

    def __init__(self, site: Site) -> None:
        self.resumed = 0
        self._client = site.client()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._work, name="operator")

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._over.set()
        self._thread.join()

    def _work(self) -> None:
        while not self._over.wait(LOOK_SECONDS):
            try:
                self._look()
            except (requests.RequestException, ValueError, KeyError):
                continue  # the API or its database is away; the next look comes

    def _look(self) -> None:
        for run in self._client.get("/v1/runs?limit=5")["data"]:
            if run["status"] == "paused":
                path = f"/v1/runs/{run['date']}/resume"
                self.resumed += self._client.ask("POST", path, {"reason": "looked at"}, operator=True).ok
