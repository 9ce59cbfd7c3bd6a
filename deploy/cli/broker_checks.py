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
            lasting = _is_lasting(client)
        except redis.RedisError as error:
            return Check("cache", False, f"CACHE_URL: no cache answers ({error}); start it, or run `payday services`")
    if found is None:
        return Check("cache", True, f"CACHE_URL: answers; {UNSEEN} {CACHE_POLICY}", warning=True)
    mend = f"; it must be {CACHE_POLICY}: run `CONFIG SET maxmemory-policy {CACHE_POLICY}`"
    well = found == CACHE_POLICY
    if well and lasting:
        mend = 'run `CONFIG SET save ""` and `CONFIG SET appendonly no`: a restart brings forgotten pages back'
        return Check("cache", True, f"maxmemory-policy {found}, but it is persistent; {mend}", warning=True)
    return Check("cache", well, f"{'' if well else 'CACHE_URL: '}maxmemory-policy {found}{'' if well else mend}")


def _is_lasting(client: redis.Redis) -> bool:
    """Whether what it held is there after a restart; False where it does not say."""
    try:
        settings: dict[str, str] = client.config_get("save", "appendonly")  # type: ignore[assignment]
    except redis.ResponseError:
        return False
    return bool(settings.get("save")) or settings.get("appendonly") == "yes"
