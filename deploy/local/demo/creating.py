"""Creating and cancelling schedules through the REST API, from several threads."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from datetime import date
from typing import Any, TypeVar

from deploy.local.demo.client import Answer, HttpClient
from deploy.local.demo.failure import DemoFailedError
from deploy.local.demo.wishes import Wish

T = TypeVar("T")
R = TypeVar("R")

THREADS = 6


@dataclass(frozen=True, slots=True)
class Created:
    """A schedule that stands in the API, with the events it answered."""

    wish: Wish
    schedule: dict[str, Any]

    def due_on(self, day: date) -> dict[str, Any] | None:
        """Its event of that day; None when it has none."""
        return next((event for event in self.schedule["events"] if event["date"] == day.isoformat()), None)


class FrontEnd:
    """A trusted front end that acts for all payers: one token, one connection a thread."""

    def __init__(self, url: str, authorization: str) -> None:
        self._url, self._authorization = url, authorization
        self._local = threading.local()

    def create(self, wishes: Iterable[Wish], on_done: Callable[[], None]) -> list[Created]:
        """Creates all, in any order. Raises DemoFailedError for an answer that is not 201."""
        return _in_threads(self._create, list(enumerate(wishes)), on_done)

    def cancel(self, created: Sequence[Created], today: date, on_done: Callable[[], None]) -> int:
        """Cancels what its payer thought better of; how many of them were due today."""
        chosen = [one for one in created if one.wish.cancel]
        return sum(_in_threads(lambda one: self._cancel(one, today), chosen, on_done))

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


def _in_threads(work: Callable[[T], R], items: Sequence[T], on_done: Callable[[], None]) -> list[R]:
    with _pool() as pool:
        futures: list[Future[R]] = [pool.submit(work, item) for item in items]
        for future in as_completed(futures):
            future.result()
            on_done()
        return [future.result() for future in futures]


@contextlib.contextmanager
def _pool() -> Iterator[ThreadPoolExecutor]:
    """A pool that drops what it has not begun when something fails or Ctrl-C comes."""
    pool = ThreadPoolExecutor(THREADS)
    try:
        yield pool
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _expect(status: int, answer: Answer, call: str) -> None:
    if answer.status != status:
        raise DemoFailedError(f"{call}: answered {answer.status} {answer.body.decode(errors='replace')[:500]}")
