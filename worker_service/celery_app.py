"""The Celery application: queues, beat's ticks, and the settings that the rules of delivery rest on."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache
from typing import Any, NamedTuple

from amqp import PreconditionFailed  # type: ignore[import-untyped]
from celery import Celery, Task, bootsteps
from celery.signals import beat_init, celeryd_init, setup_logging, worker_process_init, worker_shutting_down
from celery.utils import uuid
from celery.worker import consumer
from kombu import pools
from kombu.connection import Connection
from kombu.entity import Exchange, Queue
from redis import Redis

from shared import garbage
from shared.exposure import warn_of_exposure
from shared.log import configure_logging
from shared.settings import Settings, SettingsError, read_settings
from worker_service import check, delivery, priority, readiness, seal, shutdown
from worker_service.telling_child import TellingChild

EXCHANGE = Exchange("payday", type="direct")  # type: ignore[no-untyped-call]
QUEUES = ("dispatch", "pay", "bulk", "upkeep")
"""A worker takes from each in turn; `bulk` is for batches that give way to those in `pay`."""
DISPATCH_SECONDS = 1.0
RESOLVE_SECONDS = 5.0
EXTEND_SECONDS = 30.0
SUSPEND_SECONDS = 10.0
UPCOMING_SECONDS = 30.0
UPKEEP_SECONDS = 3600.0


def make_app(settings: Settings) -> Celery:
    """The application for one broker."""
    app = Celery("payday", broker=settings.broker_url, include=["worker_service.tasks"])
    app.conf.update(
        # Nobody reads results; the database has them.
        result_backend=None,
        task_ignore_result=True,
        task_serializer="json",
        accept_content=["json"],
        # A message is acknowledged when its work is over, also when the pool's child was killed; what is lost
        # all the same is published again by the dispatcher.
        task_acks_late=True,
        task_reject_on_worker_lost=True,
        # One batch at a time: a reserved one would wait behind a slow one while another worker is idle.
        worker_prefetch_multiplier=1,
        # Losing the broker must not kill a batch that is talking to the bank.
        worker_cancel_long_running_tasks_on_connection_loss=False,
        # SIGTERM stops a batch after the calls in flight; SIGQUIT gives them and the settlement this time, too.
        worker_soft_shutdown_timeout=settings.provider.timeout_seconds + 10,
        # An idle worker has nothing to give back: what it has reserved is published again by the dispatcher.
        worker_enable_soft_shutdown_on_idle=False,
        worker_max_tasks_per_child=10_000,
        worker_hijack_root_logger=False,
        worker_send_task_events=True,
        # What is published and not begun, the database says. Telling of it would double what publishing costs, and wait
        # without end for the confirmation of a RabbitMQ that is frozen.
        task_send_sent_event=False,
        worker_proc_alive_timeout=60,
        broker_connection_retry_on_startup=True,
        # A broker may be away for a night; after a hundred tries, which take 47 minutes, the process would end.
        broker_connection_max_retries=None,
        broker_connection_timeout=5,
        broker_transport_options=delivery.transport_options(settings.broker_url),
        # All ticks are intervals and questions, so nothing is lost with beat's memory, and two beats do no harm.
        beat_scheduler="celery.beat:Scheduler",
        beat_max_loop_interval=1,
        beat_schedule={
            "dispatch": _tick("payday.dispatch", DISPATCH_SECONDS, "dispatch"),
            "resolve": _tick("payday.resolve", RESOLVE_SECONDS, "upkeep"),
            "suspend": _tick("payday.suspend", SUSPEND_SECONDS, "upkeep"),
            "seal": _tick("payday.seal", seal.TICK_SECONDS, "upkeep"),
            "extend": _tick("payday.extend", EXTEND_SECONDS, "upkeep"),
            "upcoming": _tick("payday.upcoming", UPCOMING_SECONDS, "upkeep"),
            "upkeep": _tick("payday.upkeep", UPKEEP_SECONDS, "upkeep"),
        },
        enable_utc=True,
        task_default_queue="pay",
        task_default_exchange=EXCHANGE.name,
        task_default_routing_key="pay",
        task_queues=_queues(settings.broker_url),
        task_create_missing_queues=False,
        worker_consumer="worker_service.celery_app:Consumer",
    )
    if delivery.is_rabbit(settings.broker_url):
        # Losing a broker that is frozen is noticed by silence alone; the Redis transport has its time-outs.
        app.conf.broker_heartbeat = delivery.HEARTBEAT_SECONDS
        app.steps["consumer"].add(Topology)
    if settings.notify is not None:
        app.steps["worker"].add(Telling)
    return app


def _queues(url: str) -> list[Queue]:
    """Each with a key of its own: with the default one, every message would go to all of them."""
    return [
        Queue(name, EXCHANGE, routing_key=name, queue_arguments=delivery.queue_arguments(url, name))  # type: ignore[no-untyped-call]
        for name in QUEUES
    ]


def declare(connection: Connection) -> None:
    """Makes what RabbitMQ must have. Raises OtherForm when something of that name is there in another form."""
    dead_exchange = Exchange(delivery.DEAD, type="fanout")  # type: ignore[no-untyped-call]
    dead = Queue(delivery.DEAD, dead_exchange, queue_arguments=delivery.dead_arguments())  # type: ignore[no-untyped-call]
    with connection.channel() as channel:  # type: ignore[no-untyped-call]
        for queue in [dead, *_queues(settings.broker_url)]:
            try:
                queue(channel).declare()  # type: ignore[no-untyped-call]
            except PreconditionFailed as error:
                raise delivery.OtherForm(str(error.message)) from error


class Topology(bootsteps.StartStopStep):  # type: ignore[misc]
    """Makes the queue of dead letters too, at each connection: the broker may have been replaced meanwhile."""

    requires = ("celery.worker.consumer.connection:Connection",)

    def start(self, parent: consumer.Consumer) -> None:
        declare(parent.connection)


class Telling(bootsteps.StartStopStep):  # type: ignore[misc]
    """The process that tells payers and payees, beside the pool: a receiver that is slow takes no process that pays."""

    requires = ("celery.worker.components:Pool",)

    def create(self, parent: object) -> TellingChild:
        return TellingChild()

    def close(self, parent: object) -> None:
        """The worker begins to end."""
        self.obj.ask()


class Consumer(consumer.Consumer):  # type: ignore[misc]
    """Celery's, but it makes no queues for delayed messages: with quorum queues they would be 28, and we send none."""

    class Blueprint(consumer.Consumer.Blueprint):  # type: ignore[misc]
        """What a worker starts at each connection."""

        default_steps = tuple(step for step in consumer.Consumer.Blueprint.default_steps if "delayed" not in step)

    def connection_for_write(self, url: str | None = None, heartbeat: float | None = None) -> Any:
        """What tells of the worker's doings waits for no confirmation: a frozen broker would stop the worker's loop."""
        options = {"confirm_publish": False} if delivery.is_rabbit(settings.broker_url) else {}
        connection = self.app.connection_for_write(url=url, heartbeat=heartbeat, transport_options=options)
        return self.ensure_connected(connection)


class Message(NamedTuple):
    """What a task is to be called with, and the queue it waits in."""

    queue: str
    arguments: Mapping[str, object]


def send(task: Task, messages: Sequence[Message]) -> None:
    """One quick try to put all messages in their queues: in one trip to a Redis, each confirmed by RabbitMQ.

    Raises whatever the transport raises when that failed; some of them may be there then. They are made here and not by
    `apply_async`, of whose work nothing else is needed and which takes five times as long.
    """
    with _producers(os.getpid()).acquire(block=True) as producer:
        try:
            for queue in {message.queue for message in messages}:
                producer.maybe_declare(app.amqp.queues[queue])
            with producer.batch():
                for message in messages:
                    headers, properties, body, _ = app.amqp.create_task_message(
                        uuid(), task.name, (), message.arguments, argsrepr="()", kwargsrepr=repr(message.arguments)
                    )
                    producer.publish(
                        body,
                        exchange="",
                        routing_key=message.queue,
                        serializer="json",
                        headers=headers,
                        delivery_mode="persistent",
                        confirm_timeout=delivery.CONFIRM_SECONDS,
                        **properties,
                    )
        except Exception:
            # Taking leave politely would wait for ever for a broker that is frozen.
            producer.connection.collect()
            raise


@lru_cache(maxsize=1)
def _producers(_process: int) -> Any:
    """This process's. What timed out is not sent again by the connection: who sends has one try, and in doubt tells
    the same again later."""
    options = {} if delivery.is_rabbit(settings.broker_url) else {"retry_on_timeout": False}
    return pools.producers[app.connection_for_write(transport_options=options)]


def _tick(task: str, seconds: float, queue: str) -> dict[str, object]:
    """A tick that nobody took for a while is dropped: later ones ask the same question.

    Not after one interval, because the worker's host judges it by its own clock, which may be seconds off.
    """
    options = {"queue": queue, "expires": max(60.0, seconds), "confirm_timeout": delivery.CONFIRM_SECONDS}
    return {"task": task, "schedule": seconds, "options": options}


def _settings() -> Settings:
    """This process's settings; says what is wrong and exits 2 instead of a traceback."""
    try:
        return read_settings(needs=frozenset({"CELERY_BROKER_URL"}))
    except SettingsError as error:
        sys.exit(check.refuse(error.problems))


settings = _settings()
app = make_app(settings)


@setup_logging.connect  # type: ignore[untyped-decorator]
def _configure_logging(**_: object) -> None:
    configure_logging(settings.log_format, settings.log_level)


@celeryd_init.connect  # type: ignore[untyped-decorator]
def _check_worker(**_: object) -> None:
    """A worker starts only where it can work, and its pool after it has given way."""
    _configure_logging()
    priority.give_way(settings.worker_nice)
    warn_of_exposure(settings)
    bad = readiness.worker_problems(ping, redis_client)
    if bad:
        sys.exit(check.refuse_for(bad))


@worker_process_init.connect  # type: ignore[untyped-decorator]
def _child_begins(**_: object) -> None:
    garbage.look_rarely()


@worker_shutting_down.connect  # type: ignore[untyped-decorator]
def _stop_paying(**_: object) -> None:
    shutdown.ask()


@beat_init.connect  # type: ignore[untyped-decorator]
def _check_beat(**_: object) -> None:
    warn_of_exposure(settings)
    found = readiness.broker_answers(settings.broker_url, ping)
    if not found.ok:
        sys.exit(check.refuse_for([found]))


def ping() -> None:
    """Raises whatever the transport raises when the broker does not answer, or has our queues in another form."""
    with app.connection_for_write() as connection:
        connection.ensure_connection(max_retries=1, interval_start=0.2, timeout=5)
        if delivery.is_rabbit(settings.broker_url):
            declare(connection)


@contextmanager
def redis_client() -> Iterator[Redis | None]:
    """A client of the broker where it is a Redis, also by way of sentinels; None where it is RabbitMQ."""
    with app.connection_for_write() as connection:
        client = getattr(connection.default_channel, "client", None)
        yield client if isinstance(client, Redis) else None
