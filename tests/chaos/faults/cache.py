"""The cache: forgets everything, holds rubbish, stops answering, starts again, is full."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from random import Random

import redis

from tests.chaos.faults.kind import Kind
from tests.chaos.faults.memory import out_of_memory, pause
from tests.chaos.signals import frozen
from tests.chaos.site import Site

AGAIN_SECONDS = 0.2


def flushed(site: Site, rng: Random) -> Iterator[None]:
    while True:
        with contextlib.suppress(redis.RedisError), site.servers.cache_client() as cache:
            cache.flushall()
        yield from pause(AGAIN_SECONDS)


def poisoned(site: Site, rng: Random) -> Iterator[None]:
    """Each key holds rubbish, what another one held, or what it held itself some time ago."""
    old: dict[bytes, bytes] = {}
    while True:
        with contextlib.suppress(redis.RedisError), site.servers.cache_client() as cache:
            for key in list(cache.scan_iter("payday:*")):
                held = cache.get(key)
                others = [b"rubbish", *old.values()]
                cache.set(key, old.get(key) or rng.choice(others), keepttl=True)
                if isinstance(held, bytes):
                    old[key] = held
        yield from pause(AGAIN_SECONDS)


def stopped(site: Site, rng: Random) -> Iterator[None]:
    yield from frozen([site.servers.cache.pid])


def restarted(site: Site, rng: Random) -> Iterator[None]:
    site.servers.cache.kill()
    try:
        while True:
            yield
    finally:
        site.servers.cache.start()


def full(site: Site, rng: Random) -> Iterator[None]:
    """It evicts all it can, and refuses what is new."""
    yield from out_of_memory(site.servers.cache_client, "32mb")


KINDS = (
    Kind("cache flushed", "cache", flushed),
    Kind("cache poisoned", "cache", poisoned),
    Kind("cache frozen", "cache", stopped, (1.0, 6.0)),
    Kind("cache restarted", "cache", restarted, (0.5, 1.0)),
    Kind("cache out of memory", "cache", full, (2.0, 4.0)),
)
