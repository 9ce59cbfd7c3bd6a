"""The threads that call the provider."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager

from worker_service.calling.transport import Transport
from worker_service.gateway.budget import Budget
from worker_service.gateway.delivery import Delivery

Step = Callable[[Transport, Delivery], None]


class Lanes:
    """At most `count` calls in flight. Threads start when first needed; connections live on between parts."""

    def __init__(self, count: int, open_transport: Callable[[], Transport]) -> None:
        self._count = count
        self._open_transport = open_transport
        self._idle: deque[Transport] = deque()
        self._threads: ThreadPoolExecutor | None = None

    def work_through(self, deliveries: Sequence[Delivery], step: Step, budget: Budget) -> None:
        """Takes a step for each delivery until the budget ends; returns when none is in flight any more.

        Each lane takes the next delivery itself: a future for each payment would cost more than its bookkeeping.
        """
        waiting = deque(deliveries)
        threads = self._started()
        lanes = [threads.submit(self._lane, waiting, step, budget) for _ in range(min(self._count, len(deliveries)))]
        try:
            wait(lanes)
        except BaseException:
            budget.stop()  # whoever interrupts us will not hear what was sent: begin nothing more
            raise
        for lane in lanes:
            lane.result()

    @contextmanager
    def transport(self) -> Iterator[Transport]:
        """A connection that nobody else uses meanwhile."""
        try:
            transport = self._idle.pop()
        except IndexError:
            transport = self._open_transport()
        try:
            yield transport
        finally:
            self._idle.append(transport)

    def close(self) -> None:
        """Waits for the calls in flight, then closes all connections."""
        if self._threads is not None:
            self._threads.shutdown()
        while self._idle:
            self._idle.pop().close()

    def _started(self) -> ThreadPoolExecutor:
        if self._threads is None:
            self._threads = ThreadPoolExecutor(self._count, thread_name_prefix="provider")
        return self._threads

    def _lane(self, waiting: deque[Delivery], step: Step, budget: Budget) -> None:
        with self.transport() as transport:
            while budget.open():
                try:
                    delivery = waiting.popleft()
                except IndexError:
                    return
                step(transport, delivery)
