"""Whether the broker may be trusted with messages; a message is a hint, yet one that is always lost pays nobody."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

import redis

from shared.settings import Settings
from worker_service import delivery, redis_server
from worker_service.check import Check

BROKER_POLICY = "noeviction"
UNSEEN = "its maxmemory-policy may not be read here, see to it that it is"

BrokerClient = Callable[[], AbstractContextManager[redis.Redis | None]]
"""A client of the broker where it is a Redis, also by way of sentinels; None where it is RabbitMQ."""


def memory(client: BrokerClient) -> Check:
    """Whether a full broker refuses messages, as it must: one that evicts forgets whole queues."""
    with client() as broker:
        if broker is None:
            return Check("broker", True, "answers; RabbitMQ with quorum queues")
        found = redis_server.memory_policy(broker)
    if found is None:
        return Check("broker", True, f"CELERY_BROKER_URL: answers; {UNSEEN} {BROKER_POLICY}", warning=True)
    if found == BROKER_POLICY:
        return Check("broker", True, f"maxmemory-policy {found}")
    reason = f"maxmemory-policy {found} lets a full broker forget its queues, it must be {BROKER_POLICY}"
    return Check("broker", False, f"CELERY_BROKER_URL: {reason}; run `CONFIG SET maxmemory-policy {BROKER_POLICY}`")


def apart(settings: Settings, client: BrokerClient) -> Check:
    """Whether the cache is a server of its own: one policy cannot suit both, whatever database numbers they use."""
    if settings.cache_url is None:
        return Check("cache", True, "CACHE_URL is not set: no cache")
    if not _is_shared(settings.cache_url, settings.broker_url, client):
        return Check("cache", True, "broker and cache are two servers")
    reason = "is the broker's server; a cache evicts, so it needs one of its own, not only another database number"
    return Check("cache", False, f"CACHE_URL: {reason}; start a second one, or unset it")


def _is_shared(cache_url: str, broker_url: str, client: BrokerClient) -> bool:
    if broker_url.startswith("redis") and redis_server.places(cache_url) & redis_server.places(broker_url):
        return True
    with client() as broker, redis_server.connect(cache_url) as cache:
        try:
            own = None if broker is None else redis_server.run_id(broker)
            return own is not None and own == redis_server.run_id(cache)
        except (redis.RedisError, OSError):
            return False  # a cache that is away is no reason not to pay


def message(settings: Settings) -> Check:
    """Whether a batch ends before the broker gives its message to another worker."""
    longest = delivery.batch_seconds_most(settings.lease_seconds)
    limit, whose = delivery.message_limit(settings.broker_url)
    if longest < limit:
        return Check("message", True, f"a batch keeps its message {longest:g} s at most, {whose} is {limit} s")
    most = int((limit - delivery.ENDING_SECONDS) / 2) - 1
    reason = (
        f"{settings.lease_seconds} s let a batch keep its message for {longest:g} s (twice the lease and"
        f" {delivery.ENDING_SECONDS} s), but {whose} is {limit} s"
    )
    return Check("message", False, f"LEASE_SECONDS: {reason}; set it to {most} or less")
