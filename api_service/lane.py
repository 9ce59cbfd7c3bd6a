"""Threads, and the requests that wait for them."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor, Future
from typing import Any, Final

WAITING_PER_THREAD: Final = 50
"""Requests that have arrived; more are refused at once, because nobody waits that long for an answer."""


class Lane:
    """Requests of one kind, which hold nobody of another kind; used by the worker's loop alone."""

    def __init__(self, executor: Executor, threads: int) -> None:
        self._executor = executor
        self._most = WAITING_PER_THREAD * threads
        self._in_hand = 0

    @property
    def is_full(self) -> bool:
        """Whether one more would wait too long."""
        return self._in_hand >= self._most

    def enter(self, answer: Callable[..., Any], *asked: Any) -> Future[Any]:
        """Gives a request to a thread; `leave` is to be called when it is back."""
        self._in_hand += 1
        return self._executor.submit(answer, *asked)

    def leave(self) -> None:
        """A request is back in the loop."""
        self._in_hand -= 1
