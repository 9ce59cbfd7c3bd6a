"""Whether the cache answers, and forgets what is old when its memory is full. Payday pays without one."""

from __future__ import annotations

import redis

from worker_service import redis_server
from worker_service.broker_checks import UNSEEN
from worker_service.check import Check

CACHE_POLICY = "allkeys-lru"


def cache_policy(url: str) -> Check:
    """Whether the cache answers, and evicts: one that does not refuses everything new when it is full."""
    with redis_server.connect(url) as client:
        try:
            client.ping()
            found = redis_server.memory_policy(client)
        except redis.RedisError as error:
            return Check("cache", False, f"CACHE_URL: no cache answers ({error}); start it, or run `payday services`")
    if found is None:
        return Check("cache", True, f"CACHE_URL: answers; {UNSEEN} {CACHE_POLICY}", warning=True)
    mend = f"; it must be {CACHE_POLICY}: run `CONFIG SET maxmemory-policy {CACHE_POLICY}`"
    well = found == CACHE_POLICY
    return Check("cache", well, f"{'' if well else 'CACHE_URL: '}maxmemory-policy {found}{'' if well else mend}")
