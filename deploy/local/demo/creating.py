"""Creating and cancelling schedules through the REST API, from several threads."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from deploy.local.demo.client import Answer, HttpClient
from deploy.local.demo.crew import Crew
from deploy.local.demo.failure import DemoFailedError
from deploy.local.demo.wishes import Wish


@dataclass(frozen=True, slots=True)
class Created:
    """A schedule that stands in the API, with the events it answered."""

    wish: Wish
    schedule: dict[str, Any]

    def due_on(self, day: date) -> dict[str, Any] | None:
        """Its event of that day; None when it has none."""
        return next((event for event in self.schedule["events"] if event["date"] == day.isoformat()), None)


class FrontEnd:
    """A trusted front end that acts for all payers: one token, one connection a thread; `check` may end its work."""

    def __init__(self, url: str, authorization: str, check: Callable[[], None]) -> None:
        self._url, self._authorization, self._check = url, authorization, check
        self._local = threading.local()

    def create(self, wishes: Iterable[Wish], on_done: Callable[[], None]) -> list[Created]:
        """Creates all, in any order. Raises DemoFailedError for an answer that is not 201."""
        return Crew(self._create, list(enumerate(wishes))).run(on_done, self._check)

    def cancel(self, created: Sequence[Created], today: date) -> int:
        """Cancels what its payer thought better of; how many of them were due today."""
        chosen = [one for one in created if one.wish.cancel]
        return sum(Crew(lambda one: self._cancel(one, today), chosen).run(lambda: None, self._check))

    def _create(self, numbered: tuple[int, Wish]) -> Created:
        number, wish = numbered
        answer = self._client.call("POST", "/v1/schedules", wish.body, {"Idempotency-Key": f"demo-{number}"})
        _expect(201, answer, f"POST /v1/schedules {wish.body}")
        return Created(wish, answer.json())

    def _cancel(self, created: Created, today: date) -> bool:
        event = created.due_on(today)
        if created.wish.cancel == "event" and event is not None:
            path = f"/v1/events/{event['id']}"
        else:
            path = f"/v1/schedules/{created.schedule['id']}"
        _expect(200, self._client.call("DELETE", f"{path}?payerId={created.wish.payer_id}"), f"DELETE {path}")
        return event is not None

    @property
    def _client(self) -> HttpClient:
        if not hasattr(self._local, "client"):
            self._local.client = HttpClient(self._url, self._authorization)
        client: HttpClient = self._local.client
        return client


def _expect(status: int, answer: Answer, call: str) -> None:
    if answer.status != status:
        raise DemoFailedError(f"{call}: answered {answer.status} {answer.body.decode(errors='replace')[:500]}")
