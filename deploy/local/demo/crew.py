"""Work shared among threads, which Ctrl-C in the middle of it need not wait for."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Generic, TypeVar

T = TypeVar("T")
R = TypeVar("R")

THREADS = 6
CHECK_SECONDS = 0.1
LEAVE_SECONDS = 5.0


class Crew(Generic[T, R]):
    """Threads that each take the next item until none is left.

    No executor: the program's end waits for its threads, whatever they wait for.
    """

    def __init__(self, work: Callable[[T], R], items: Sequence[T]) -> None:
        self._work = work
        self._todo: SimpleQueue[tuple[int, T]] = SimpleQueue()
        self._done: SimpleQueue[tuple[int, R | Exception]] = SimpleQueue()
        self._count = len(items)
        self._stopped = False
        for numbered in enumerate(items):
            self._todo.put(numbered)

    def run(self, on_done: Callable[[], None], check: Callable[[], None]) -> list[R]:
        """The results in the items' order. Raises what `work` raised first.

        `on_done` is called for each, and `check` all the while: what it raises ends the work.
        """
        threads = [Thread(target=self._labour, daemon=True) for _ in range(THREADS)]
        results: dict[int, R] = {}
        try:
            for thread in threads:
                thread.start()
            while len(results) < self._count:
                check()
                with contextlib.suppress(Empty):
                    number, result = self._done.get(timeout=CHECK_SECONDS)
                    if isinstance(result, Exception):
                        raise result
                    results[number] = result
                    on_done()
        finally:
            self._stopped = True
        for thread in threads:
            thread.join(LEAVE_SECONDS)
        return [results[number] for number in range(self._count)]

    def _labour(self) -> None:
        while not self._stopped:
            try:
                number, item = self._todo.get_nowait()
            except Empty:
                return
            self._done.put((number, self._attempt(item)))

    def _attempt(self, item: T) -> R | Exception:
        try:
            return self._work(item)
        except Exception as problem:  # noqa: BLE001 - raised again in the main thread
            return problem
