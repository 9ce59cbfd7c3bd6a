"""What is done alike to the broker and to the cache, where both speak Redis."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator

import redis

Connect = Callable[[], redis.Redis]
"""A client that gives up soon."""


def out_of_memory(connect: Connect, usual: str) -> Iterator[None]:
    """It refuses whatever takes memory; afterwards it has as much as usual (`64mb`) again."""
    _limit(connect, "1")
    try:
        while True:
            yield
    finally:
        _limit(connect, usual)


def pause(seconds: float) -> Iterator[None]:
    """Returns after so many seconds, asked again and again meanwhile."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        yield


def _limit(connect: Connect, memory: str) -> None:
    with contextlib.suppress(redis.RedisError, OSError), connect() as client:
        client.config_set("maxmemory", memory)
