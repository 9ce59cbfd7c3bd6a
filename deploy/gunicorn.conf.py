# ruff: noqa: N999 - the name that gunicorn gives its settings
"""gunicorn's settings for the API: `gunicorn -c deploy/gunicorn.conf.py api_service.wsgi:app`.

The app is loaded once, before the workers are forked: a wrong setting or a missing database ends the start with a
sentence and an exit status, and a worker that is replaced later needs no check that a passing fault could fail.
"""

from __future__ import annotations

import atexit
import math
import os
import shutil
import sys
import tempfile
from typing import Any

from gunicorn.glogging import Logger  # type: ignore[import-untyped]

from shared import garbage
from shared.exposure import warn_of_exposure
from shared.log import configure_logging
from shared.settings import Settings, SettingsError, read_settings


class RootLogger(Logger):  # type: ignore[misc]
    """gunicorn's own words in the same stream and form as all others."""

    def setup(self, cfg: Any) -> None:
        super().setup(cfg)
        self.error_log.handlers.clear()
        self.error_log.propagate = True


def settings_or_exit() -> Settings:
    """The environment's settings; all that is wrong with it is said, and the exit status is 2."""
    concurrency = os.environ.get("WEB_CONCURRENCY") or "2"
    problems = []
    if not (concurrency.isascii() and concurrency.isdigit() and 1 <= int(concurrency) <= 256):
        problems.append(f"WEB_CONCURRENCY: must lie between 1 and 256 (is {concurrency!r})")
    try:
        settings = read_settings(needs=frozenset({"DATABASE_URL"}))
    except SettingsError as error:
        problems += error.problems
    if problems:
        print("\n".join(problems), file=sys.stderr)
        sys.exit(2)
    return settings


def metrics_folder() -> str:
    """Where the workers count together; it is gone with the server."""
    folder = tempfile.mkdtemp(prefix="payday-metrics-")
    atexit.register(_remove, folder, os.getpid())
    return folder


def _remove(folder: str, owner: int) -> None:
    """A worker inherits the wish to remove it at its end, and must not."""
    if os.getpid() == owner:
        shutil.rmtree(folder, ignore_errors=True)


# Before anything of the app is imported: the metrics take their folder from here.
if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = metrics_folder()
settings = settings_or_exit()
configure_logging(settings.log_format, settings.log_level)
warn_of_exposure(settings)

# The development key is public: what it opens is not shown to the network unless a --bind says so.
bind = f"{'0.0.0.0' if settings.production else '127.0.0.1'}:{settings.port}"  # noqa: S104
workers = int(os.environ.get("WEB_CONCURRENCY") or 2)
worker_class = "api_service.gunicorn_worker.Worker"
threads = 8  # each can hold one of the connections that api_service.wsgi makes
preload_app = True
logger_class = RootLogger
accesslog = None  # the app writes its own line, without what a query can name
control_socket_disable = True

timeout = 60  # a worker whose main loop hangs; a slow request does not count
graceful_timeout = 30 + math.ceil(settings.drain_seconds)  # from SIGTERM to the end of what is being answered
keepalive = 75  # longer than a load balancer keeps an idle connection
limit_request_line = 8190  # a cursor is in the address


def when_ready(_server: Any) -> None:
    """gunicorn's hook: the app is loaded, and no worker is forked. The workers inherit it."""
    garbage.look_rarely()


def post_fork(server: Any, worker: Any) -> None:
    """gunicorn's hook: what a signal that comes now finds, see the worker."""
    worker.taken_for_the_masters = server.SIG_QUEUE
