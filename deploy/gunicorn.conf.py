# ruff: noqa: N999 - the name that gunicorn gives its settings
"""gunicorn's settings for the API: `gunicorn -c deploy/gunicorn.conf.py api_service.wsgi:app`.

The app is loaded once, before the workers are forked: a wrong setting or a missing database ends the start with a
sentence and an exit status, and a worker that is replaced later needs no check that a passing fault could fail.
"""

from __future__ import annotations

import math
import os
import sys
from typing import Any

from gunicorn.glogging import Logger  # type: ignore[import-untyped]

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


settings = settings_or_exit()
configure_logging(settings.log_format, settings.log_level)

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
