"""Where requests are counted: at the cache's server, and in the memory of this process while that does not answer."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any, Final, TypeVar

from limits.storage import RedisStorage, Storage
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from shared.clock import utc_now
from shared.log import get_logger

log = get_logger(__name__)

T = TypeVar("T")

TIMEOUT_SECONDS: Final = 0.25
"""What one request waits at most for a server that does not answer; the next ones count in memory."""
REST_SECONDS: Final = 1.0
"""Until one request, and no other, tries again whether it answers."""
SWEEP_SECONDS: Final = 10.0
GATHERED_MOST: Final = 100_000
"""Keys that are gathered at a time; what is counted under others is told at once."""


class Memory:
    """Counts in windows that begin with a key's first one; what is over is swept out now and then."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._windows: dict[str, tuple[int, float]] = {}
        self._swept_at = time.monotonic()

    def increment(self, key: str, window_seconds: float, amount: int) -> int:
        """What the key stands at then."""
        now = time.monotonic()
        with self._lock:
            count, ends_at = self._window(key, now, window_seconds)
            self._windows[key] = count + amount, ends_at
            return count + amount

    def gather(self, key: str, window_seconds: float, portion: int) -> int:
        """Adds one; how many are to be told now: `portion` when there are so many in a window, else 0."""
        now = time.monotonic()
        with self._lock:
            count, ends_at = self._window(key, now, window_seconds)
            self._windows.pop(key, None)
            if count + 1 >= portion or len(self._windows) >= GATHERED_MOST:
                return count + 1
            self._windows[key] = count + 1, ends_at
            return 0

    def state(self, key: str) -> tuple[int, float]:
        """The count, and the seconds to the end of its window."""
        count, ends_at = self._windows.get(key, (0, 0.0))
        left = ends_at - time.monotonic()
        return (count, left) if left > 0 else (0, 0.0)

    def forget(self, key: str) -> None:
        with self._lock:
            self._windows.pop(key, None)

    def _window(self, key: str, now: float, seconds: float) -> tuple[int, float]:
        """The key's count and its window's end; a new window where there is none."""
        self._sweep(now)
        count, ends_at = self._windows.get(key, (0, 0.0))
        return (count, ends_at) if ends_at > now else (0, now + seconds)

    def _sweep(self, now: float) -> None:
        if now - self._swept_at < SWEEP_SECONDS:
            return
        self._swept_at = now
        self._windows = {key: window for key, window in self._windows.items() if window[1] > now}


class Counters(Storage):
    """What the `limits` library counts with. It never fails, and a server that is down or frozen holds one request a
    second, for TIMEOUT_SECONDS."""

    def __init__(self, server_url: str | None) -> None:
        """`server_url` None: in memory alone."""
        super().__init__()
        self._memory = Memory()
        self._server = RedisStorage(server_url, **_options()) if server_url else None
        self._tries_at = 0.0
        self._is_down = False

    @property
    def base_exceptions(self) -> type[Exception]:
        """What a server that does not answer raises."""
        return RedisError

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """Counts; what the key stands at then."""
        return self._ask(
            lambda server: server.incr(key, expiry, amount), lambda: self._memory.increment(key, expiry, amount)
        )

    def get(self, key: str) -> int:
        """What the key stands at."""
        return self._ask(lambda server: server.get(key), lambda: self._memory.state(key)[0])

    def get_expiry(self, key: str) -> float:
        """When its window ends, in seconds since 1970; the server says it in whole ones."""
        return self._ask(
            lambda server: server.get_expiry(key), lambda: utc_now().timestamp() + self._memory.state(key)[1]
        )

    def check(self) -> bool:
        """It counts, wherever."""
        return True

    def reset(self) -> int | None:
        """Never asked for."""
        raise NotImplementedError

    def clear(self, key: str) -> None:
        """Begins anew."""
        self._ask(lambda server: server.clear(key), lambda: self._memory.forget(key))

    def _ask(self, at_server: Callable[[RedisStorage], T], in_memory: Callable[[], T]) -> T:
        if self._server is None or not self._may_try():
            return in_memory()
        try:
            answer = at_server(self._server)
        except RedisError as error:
            if not self._is_down:
                log.warning("requests are counted by this process alone", cause=type(error).__name__)
            self._is_down, self._tries_at = True, time.monotonic() + REST_SECONDS
            return in_memory()
        if self._is_down:
            log.info("requests are counted by all processes together again")
            self._is_down = False
        return answer

    def _may_try(self) -> bool:
        """While the server is down, once in a while for one."""
        if not self._is_down:
            return True
        now = time.monotonic()
        if now < self._tries_at:
            return False
        self._tries_at = now + REST_SECONDS
        return True


def _options() -> dict[str, Any]:
    return {
        "socket_timeout": TIMEOUT_SECONDS,
        "socket_connect_timeout": TIMEOUT_SECONDS,
        "retry": Retry(NoBackoff(), 0),
    }
