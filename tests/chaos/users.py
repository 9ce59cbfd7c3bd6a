"""Payers and operators who go on using the API, whatever happens to it."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable
from datetime import date, timedelta
from random import Random
from typing import Any
from uuid import uuid4

import requests

from tests.chaos.promises import Promises
from tests.chaos.site import CANARY, DECLINES, Site

THREADS = 3
PAUSE_SECONDS = 0.15
TRIES = 3
REMEMBERED = 200


class Users:
    """Threads that create, change, cancel, pause, hold and look until `stop`; what they were promised is kept."""

    def __init__(self, site: Site, promises: Promises) -> None:
        self._site = site
        self._promises = promises
        self._over = threading.Event()
        self._threads = [threading.Thread(target=self._use, args=(n,), name=f"user-{n}") for n in range(THREADS)]
        self.answers: Counter[str] = Counter()

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()

    def _use(self, number: int) -> None:
        user = User(self._site, self._promises, Random(f"{self._site.options.seed}/user/{number}"), self.answers)
        while not self._over.wait(PAUSE_SECONDS):
            user.act()


class User:
    """One of them, who remembers what it created."""

    def __init__(self, site: Site, promises: Promises, rng: Random, answers: Counter[str]) -> None:
        self._site = site
        self._client = site.client()
        self._promises = promises
        self._rng = rng
        self._answers = answers
        self._schedules: list[dict[str, Any]] = []
        self._actions: list[tuple[int, Callable[[], None]]] = [
            (40, self._create),
            (8, self._edit),
            (6, self._skip),
            (3, self._restore),
            (6, self._cancel),
            (4, self._pause),
            (3, self._retry),
            (5, self._look),
            (3, self._hold),
            (1, self._pause_run),
        ]

    def act(self) -> None:
        """One thing; what fails is counted and forgotten, as a user would come again later."""
        weights, actions = zip(*self._actions, strict=True)
        try:
            self._rng.choices(actions, weights)[0]()
        except (requests.RequestException, OSError) as error:
            self._answers[type(error).__name__] += 1

    def _create(self) -> None:
        kind = self._rng.choice(["once", "once", "once", "daily", "daily", "monthly"])
        poor = self._rng.choice(list(DECLINES)) if self._rng.random() < 0.1 else None
        body: dict[str, Any] = {
            "payerId": poor or f"{CANARY}-payer-{uuid4().hex[:12]}",
            "payeeId": f"{CANARY}-payee",
            "amount": f"{self._rng.randint(1, 99)}.{self._rng.randint(0, 99):02}",
            "currency": "GBP",
            "startDate": self._site.town.business_date[:10],
            "frequency": kind,
            "reference": f"{CANARY}-{self._rng.randint(0, 999)}",
        }
        if kind == "daily":
            body["count"] = self._rng.randint(2, 6)
        if self._rng.random() < 0.3:
            body["retry"] = {"days": [0, 1, 2]}
        key = str(uuid4())
        for _ in range(TRIES):  # the same key, so that a lost answer makes no second schedule
            answer = self._ask("POST", "/v1/schedules", body, key=key)
            if answer is not None and answer.status_code < 500 and answer.status_code != 409:
                break
        if answer is not None and answer.status_code == 201:
            self._schedules = [*self._schedules, answer.json()][-REMEMBERED:]

    def _edit(self) -> None:
        event = self._event()
        body = {"amount": f"{self._rng.randint(1, 99)}.50"}
        if event is None:
            return
        seen = self._ask("GET", f"/v1/events/{event['id']}")
        if seen is not None and seen.ok:
            headers = {"If-Match": seen.headers["ETag"]}
            changed = self._ask("PATCH", f"/v1/events/{event['id']}", body, headers=headers)
            if self._is_ok(changed):
                self._look_for(changed.json())  # type: ignore[union-attr]

    def _skip(self) -> None:
        event = self._event()
        if event is None:
            return
        skipped = self._ask("DELETE", f"/v1/events/{event['id']}")
        if self._is_ok(skipped):
            self._promises.event_cancelled(event["id"])
            self._look_for(skipped.json())  # type: ignore[union-attr]

    def _restore(self) -> None:
        event_id = self._promises.take_skipped(self._rng)
        if event_id is not None:
            self._ask("POST", f"/v1/events/{event_id}/restore")

    def _cancel(self) -> None:
        if self._schedules:
            schedule = self._schedules.pop(self._rng.randrange(len(self._schedules)))
            if self._is_ok(self._ask("DELETE", f"/v1/schedules/{schedule['id']}")):
                self._promises.schedule_cancelled(schedule["id"])

    def _pause(self) -> None:
        if not self._schedules:
            return
        first = self._today()
        path = f"/v1/schedules/{self._rng.choice(self._schedules)['id']}/pauses"
        body = {"from": str(first), "until": str(first + timedelta(days=self._rng.randint(1, 3)))}
        answer = self._ask("POST", path, body)
        if answer is not None and answer.status_code == 201 and self._rng.random() < 0.5:
            self._ask("DELETE", f"{path}/{answer.json()['id']}")

    def _retry(self) -> None:
        answer = self._ask("GET", "/v1/events?status=failed&limit=20")
        if answer is not None and answer.ok and answer.json()["data"]:
            self._ask("POST", f"/v1/events/{self._rng.choice(answer.json()['data'])['id']}/retry", {})

    def _look(self) -> None:
        """A payer's name stands in the address, too."""
        path = self._rng.choice(["schedules", "events", "transactions"])
        self._ask("GET", f"/v1/{path}?payerId={CANARY}-poor&limit=5")
        self._ask("GET", f"/v1/runs/{self._today()}", operator=True)

    def _look_for(self, changed: dict[str, Any]) -> None:
        """A page that is asked for after a change was answered knows of it."""
        path = f"/v1/events?payerId={changed['payerId']}&scheduleId={changed['scheduleId']}&limit=200"
        page = self._ask("GET", path)
        if self._is_ok(page):
            shown = {event["id"]: event["version"] for event in page.json()["data"]}  # type: ignore[union-attr]
            if shown.get(changed["id"], 0) < changed["version"]:
                self._promises.older_page(changed["id"])

    def _hold(self) -> None:
        everything = self._rng.random() < 0.2
        body = {"reason": "chaos"} if everything else {"payerId": f"{CANARY}-poor", "reason": "chaos"}
        answer = self._ask("POST", "/v1/holds", body, operator=True)
        if answer is not None and answer.status_code == 201:
            time.sleep(self._rng.uniform(0.2, 2))  # how long the incident lasts; nobody waits for it
            self._ask("DELETE", f"/v1/holds/{answer.json()['id']}", operator=True)

    def _pause_run(self) -> None:
        path = f"/v1/runs/{self._today()}"
        self._ask("POST", f"{path}/pause", {"reason": "chaos"}, operator=True)
        time.sleep(self._rng.uniform(0.2, 1))
        self._ask("POST", f"{path}/resume", {"reason": "chaos"}, operator=True)

    def _event(self) -> dict[str, Any] | None:
        """One of the newest events of one of the schedules."""
        events = self._rng.choice(self._schedules)["events"] if self._schedules else []
        return self._rng.choice(events) if events else None

    def _today(self) -> date:
        return date.fromisoformat(self._site.town.business_date[:10])

    def _ask(self, method: str, path: str, body: object = None, **options: Any) -> requests.Response | None:
        """None where nobody answered."""
        try:
            answer = self._client.ask(method, path, body, **options)
        except requests.RequestException:
            self._answers["none"] += 1
            time.sleep(PAUSE_SECONDS)
            return None
        self._answers[f"{answer.status_code // 100}xx"] += 1
        if answer.status_code >= 500:
            self._promises.note_fault(method, path, answer.status_code)
        return answer

    @staticmethod
    def _is_ok(answer: requests.Response | None) -> bool:
        return answer is not None and answer.status_code == 200
