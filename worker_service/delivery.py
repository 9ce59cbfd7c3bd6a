"""What the broker is asked for: how each of the two kinds keeps a message, gives it out again, and lets go of it."""

from __future__ import annotations

from urllib.parse import urlsplit

DEAD = "payday.dead"
"""The exchange and the queue of messages that were given out in vain too often."""
DELIVERIES_MOST = 10
"""A worker that is stopped or killed gives its message back and counts; the database tells of the batch again."""
DEAD_MOST = 10_000
"""The oldest dead letters go first: they are only to look at."""
VISIBILITY_SECONDS = 3600
"""Redis transport: a message that was taken and not acknowledged so long is given out again."""
CONSUMER_TIMEOUT_SECONDS = 1800
"""RabbitMQ's default: it closes the channel of who has not acknowledged a message for so long."""
ENDING_SECONDS = 30
"""From a batch's last statement to its acknowledgement."""
CONFIRM_SECONDS = 5.0
"""RabbitMQ: a message that was not confirmed by then counts as not taken; the next tick tells again."""
HEARTBEAT_SECONDS = 20.0
"""RabbitMQ: a peer that is silent for twice as long is gone."""


class OtherForm(Exception):
    """The broker has a queue or an exchange of our name that is declared in another way."""


def is_rabbit(url: str) -> bool:
    """Whether the broker speaks AMQP; otherwise it is a Redis."""
    return urlsplit(url).scheme in ("amqp", "amqps")


def queue_arguments(url: str, name: str) -> dict[str, object] | None:
    """How a queue is declared on RabbitMQ: replicated, and with an end for a message that kills its workers.

    Only batches are kept when they are given up: a tick is asked again anyway, and one that expired is no loss.
    """
    if not is_rabbit(url):
        return None
    arguments: dict[str, object] = {"x-queue-type": "quorum", "x-delivery-limit": DELIVERIES_MOST}
    if name in ("pay", "bulk"):
        arguments["x-dead-letter-exchange"] = DEAD
    return arguments


def dead_arguments() -> dict[str, object]:
    """How the queue of dead letters is declared."""
    return {"x-queue-type": "quorum", "x-max-length": DEAD_MOST}


def transport_options(url: str) -> dict[str, object]:
    """Time-outs and promises of the connection to the broker."""
    if is_rabbit(url):
        return {"confirm_publish": True}
    return {
        "visibility_timeout": VISIBILITY_SECONDS,
        "socket_timeout": 10,
        "socket_connect_timeout": 5,
        "socket_keepalive": True,
        "health_check_interval": 15,
        "retry_on_timeout": True,
    }


def message_limit(url: str) -> tuple[int, str]:
    """How many seconds a worker may keep a message before the broker gives it to another, and whose limit that is."""
    if is_rabbit(url):
        return CONSUMER_TIMEOUT_SECONDS, "RabbitMQ's consumer_timeout"
    return VISIBILITY_SECONDS, "the broker's visibility time-out"


def batch_seconds_most(lease_seconds: float) -> float:
    """How long a batch may keep its message: its lease, and as long again when PostgreSQL refuses to settle it."""
    return 2 * lease_seconds + ENDING_SECONDS
