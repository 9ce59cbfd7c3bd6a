"""What a Redis says of itself. Hosted ones keep some of it to themselves; then the answer is None."""

from __future__ import annotations

import socket
from contextlib import suppress
from urllib.parse import urlsplit

import redis

TIMEOUT_SECONDS = 5.0
DEFAULT_PORT = 6379


def connect(url: str) -> redis.Redis:
    """A client that does not wait long; close it."""
    return redis.Redis.from_url(url, socket_timeout=TIMEOUT_SECONDS, socket_connect_timeout=TIMEOUT_SECONDS)


def memory_policy(client: redis.Redis) -> str | None:
    """What it evicts when its memory is full: its `maxmemory-policy`."""
    # INFO first: where CONFIG is closed to customers, it often is not.
    found = _told(client, "memory", "maxmemory_policy")
    if found is None:
        with suppress(redis.ResponseError):
            return _text(client.config_get("maxmemory-policy").get("maxmemory-policy"))
    return found


def run_id(client: redis.Redis) -> str | None:
    """What no two running servers share, whatever name or address they are reached by."""
    return _told(client, "server", "run_id")


def places(url: str) -> set[tuple[str, int]]:
    """The addresses and ports that a URL's host stands for; the host itself where it cannot be looked up."""
    parts = urlsplit(url)
    host, port = parts.hostname or "localhost", parts.port or DEFAULT_PORT
    try:
        return {(str(found[4][0]), port) for found in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)}
    except OSError:
        return {(host, port)}


def _told(client: redis.Redis, section: str, name: str) -> str | None:
    try:
        return _text(client.info(section).get(name))
    except redis.ResponseError:
        return None


def _text(found: object) -> str | None:
    if found is None:
        return None
    return found.decode() if isinstance(found, bytes) else str(found)
