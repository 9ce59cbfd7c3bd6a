"""The broker: forgets everything, stops answering, starts again, is full, cuts connections, tells everything twice."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from random import Random

import amqp
import redis

from tests.chaos.faults.kind import Kind
from tests.chaos.faults.memory import out_of_memory, pause
from tests.chaos.options import REDIS
from tests.chaos.servers import QUEUES
from tests.chaos.signals import frozen
from tests.chaos.site import Site

COPIES = 10
CUT_EVERY_SECONDS = 2.0
LOOK_EVERY_SECONDS = 0.05
AWAY = (redis.RedisError, amqp.AMQPError, OSError)


def flushed(site: Site, rng: Random) -> Iterator[None]:
    """Every half second."""
    while True:
        with contextlib.suppress(*AWAY):
            site.servers.forget_messages()
        yield from pause(0.5)


def stopped(site: Site, rng: Random) -> Iterator[None]:
    yield from frozen([site.servers.broker.pid])


def restarted(site: Site, rng: Random) -> Iterator[None]:
    """Killed, and back; a Redis without anything that it held."""
    site.servers.broker.kill()
    site.servers.broker.start()
    yield


def full(site: Site, rng: Random) -> Iterator[None]:
    """It refuses whatever takes memory."""
    yield from out_of_memory(site.servers.command, "64mb")


def cut(site: Site, rng: Random) -> Iterator[None]:
    """Every connection, every two seconds."""
    while True:
        with contextlib.suppress(*AWAY), site.servers.command() as broker:
            broker.execute_command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
        yield from pause(CUT_EVERY_SECONDS)


def repeated(site: Site, rng: Random) -> Iterator[None]:
    """What is found waiting is there ten times more, again and again, but without end."""
    told: set[bytes] = set()
    while True:
        with contextlib.suppress(*AWAY), site.servers.command() as broker:
            for queue in QUEUES:
                found = broker.lrange(queue, 0, -1)
                assert isinstance(found, list)
                new = [message for message in found if message not in told]
                told.update(new)
                if new:
                    broker.rpush(queue, *new * COPIES)
        yield from pause(LOOK_EVERY_SECONDS)


KINDS = (
    Kind("broker flushed", "broker", flushed),
    Kind("broker frozen", "broker", stopped, (4.0, 12.0)),
    Kind("broker restarted", "broker", restarted, (0.5, 1.0)),
    Kind("broker out of memory", "broker", full, (3.0, 6.0), brokers=(REDIS,)),
    Kind("broker connections cut", "broker", cut, (4.5, 8.0), brokers=(REDIS,)),
    Kind("messages ten times", "broker", repeated, (4.0, 8.0), brokers=(REDIS,)),
)
