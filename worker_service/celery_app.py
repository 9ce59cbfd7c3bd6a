"""The Celery application: queues, beat's ticks, and the settings that the rules of delivery rest on."""

from __future__ import annotations

import sys

from celery import Celery
from celery.signals import beat_init, celeryd_init, setup_logging, worker_shutting_down
from kombu.entity import Exchange, Queue

from shared.log import configure_logging
from shared.settings import Settings, SettingsError, read_settings
from worker_service import readiness, shutdown

EXCHANGE = Exchange("payday", type="direct")  # type: ignore[no-untyped-call]
QUEUES = ("dispatch", "pay", "upkeep")
DISPATCH_SECONDS = 1.0
RESOLVE_SECONDS = 5.0
EXTEND_SECONDS = 30.0
SUSPEND_SECONDS = 10.0
UPKEEP_SECONDS = 3600.0

VISIBILITY_SECONDS = 3600
"""A batch ends within its lease, which is at most half an hour, so no message comes back while it is worked on."""


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
        task_send_sent_event=True,
        worker_proc_alive_timeout=60,
        broker_connection_retry_on_startup=True,
        broker_connection_timeout=5,
        broker_transport_options=_transport_options(settings.broker_url),
        # All ticks are intervals and questions, so nothing is lost with beat's memory, and two beats do no harm.
        beat_scheduler="celery.beat:Scheduler",
        beat_max_loop_interval=1,
        beat_schedule={
            "dispatch": _tick("payday.dispatch", DISPATCH_SECONDS, "dispatch"),
            "resolve": _tick("payday.resolve", RESOLVE_SECONDS, "upkeep"),
            "suspend": _tick("payday.suspend", SUSPEND_SECONDS, "upkeep"),
            "extend": _tick("payday.extend", EXTEND_SECONDS, "upkeep"),
            "upkeep": _tick("payday.upkeep", UPKEEP_SECONDS, "upkeep"),
        },
        enable_utc=True,
        task_default_queue="pay",
        task_default_exchange=EXCHANGE.name,
        task_default_routing_key="pay",
        # Each with a key of its own: with the default one, every message would go to all three.
        task_queues=[Queue(name, EXCHANGE, routing_key=name) for name in QUEUES],  # type: ignore[no-untyped-call]
    )
    return app


def _tick(task: str, seconds: float, queue: str) -> dict[str, object]:
    """A tick that nobody took for a while is dropped: later ones ask the same question.

    Not after one interval, because the worker's host judges it by its own clock, which may be seconds off.
    """
    return {"task": task, "schedule": seconds, "options": {"queue": queue, "expires": max(60.0, seconds)}}


def _transport_options(url: str) -> dict[str, object]:
    if not url.startswith(("redis", "sentinel")):
        return {"confirm_publish": True}
    return {
        "visibility_timeout": VISIBILITY_SECONDS,
        "socket_timeout": 10,
        "socket_connect_timeout": 5,
        "socket_keepalive": True,
        "health_check_interval": 15,
        "retry_on_timeout": True,
    }


def _settings() -> Settings:
    """This process's settings; says what is wrong and exits 2 instead of a traceback."""
    try:
        return read_settings(needs=frozenset({"CELERY_BROKER_URL"}))
    except SettingsError as error:
        sys.exit(readiness.refuse(error.problems))


settings = _settings()
app = make_app(settings)


@setup_logging.connect  # type: ignore[untyped-decorator]
def _configure_logging(**_: object) -> None:
    configure_logging(settings.log_format, settings.log_level)


@celeryd_init.connect  # type: ignore[untyped-decorator]
def _check_worker(**_: object) -> None:
    """A worker starts only where it can work."""
    problems = readiness.broker_problems(settings.broker_url, ping) + readiness.worker_problems()
    if problems:
        sys.exit(readiness.refuse(problems))


@worker_shutting_down.connect  # type: ignore[untyped-decorator]
def _stop_paying(**_: object) -> None:
    shutdown.ask()


@beat_init.connect  # type: ignore[untyped-decorator]
def _check_beat(**_: object) -> None:
    problems = readiness.broker_problems(settings.broker_url, ping)
    if problems:
        sys.exit(readiness.refuse(problems))


def ping() -> None:
    """Raises whatever the transport raises when the broker does not answer."""
    with app.connection_for_write() as connection:
        connection.ensure_connection(max_retries=1, interval_start=0.2, timeout=5)
