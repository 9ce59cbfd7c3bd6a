"""Whether the broker and the cache answer, and what they do when their memory is full."""

from __future__ import annotations

from urllib.parse import urlsplit

import redis

from shared.settings import Settings

Finding = tuple[bool, str]
BROKER_POLICY = "noeviction"
CACHE_POLICY = "allkeys-lru"
TIMEOUT_SECONDS = 5


def broker_policy(settings: Settings) -> Finding:
    """Whether the broker answers; one that evicts would forget queues."""
    from worker_service import readiness
    from worker_service.celery_app import app, ping

    problems = readiness.broker_problems(settings.broker_url, ping)
    if problems:
        return False, problems[0]
    with app.connection_for_write() as connection:
        # The Redis transports, also by way of sentinels, show their client; RabbitMQ has none.
        client = getattr(connection.default_channel, "client", None)
        found = _policy(client) if isinstance(client, redis.Redis) else None
    if found is None:
        return True, "answers"
    return _judge(found, BROKER_POLICY)


def cache_policy(settings: Settings) -> Finding:
    """Whether the cache, if there is one, answers and is a server of its own."""
    if settings.cache_url is None:
        return True, "CACHE_URL is not set: no cache"
    if _server(settings.cache_url) == _server(settings.broker_url):
        return False, "CACHE_URL: is the broker's server; a cache evicts, so it needs one of its own"
    client = redis.Redis.from_url(
        settings.cache_url, socket_timeout=TIMEOUT_SECONDS, socket_connect_timeout=TIMEOUT_SECONDS
    )
    with client:
        try:
            client.ping()
        except redis.RedisError as error:
            return False, f"CACHE_URL: no cache answers ({error}); start it, or run `payday services`"
        return _judge(_policy(client), CACHE_POLICY)


def _judge(found: str | None, wanted: str) -> Finding:
    if found is None:
        return True, f"answers; its maxmemory-policy may not be read here, see to it that it is {wanted}"
    return found == wanted, f"maxmemory-policy {found}" + ("" if found == wanted else f", must be {wanted}")


def _policy(client: redis.Redis) -> str | None:
    """What the server evicts when it is full; None where a hosted server keeps that to itself."""
    try:
        found = client.config_get("maxmemory-policy").get("maxmemory-policy")
    except redis.ResponseError:
        return None
    return found.decode() if isinstance(found, bytes) else found


def _server(url: str) -> tuple[str | None, int]:
    parts = urlsplit(url)
    return parts.hostname, parts.port or 6379
