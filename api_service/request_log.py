"""One line in the log for each request, and an id that ties the line, the audit and the answer together."""

from __future__ import annotations

import random
import re
import time
from typing import Final

import structlog
from flask import Flask, Response, g, request

from api_service.metrics import REQUESTS
from shared.log import get_logger

log = get_logger("api_service.access")

REQUEST_ID: Final = re.compile(r"\A[A-Za-z0-9._-]{1,64}\Z")


def register_request_log(app: Flask) -> None:
    """Takes over the caller's X-Request-Id where it is sane, makes one otherwise, and logs how each request ended."""
    app.before_request(begin)
    app.after_request(end)


def begin() -> None:
    """Before anything else of the request."""
    given = request.headers.get("X-Request-Id", "")
    # Not of the system's randomness, which is asked for without the interpreter's lock, and that is waited for then.
    g.request_id = given if REQUEST_ID.match(given) else f"{random.getrandbits(128):032x}"
    g.started_at = time.monotonic()
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(request_id=g.request_id)


def end(response: Response) -> Response:
    """The line names the route and not the address, whose query can name a payer."""
    response.headers["X-Request-Id"] = g.request_id
    route = request.url_rule.rule if request.url_rule else None
    seconds = time.monotonic() - g.started_at
    # A method nobody knows is the caller's text: it must not become a series of its own.
    method = request.method if request.url_rule else "other"
    REQUESTS.labels(method, route or "none", response.status_code).observe(seconds)
    log.info(
        "request",
        method=request.method,
        route=route,
        status=response.status_code,
        milliseconds=round(seconds * 1000, 1),
    )
    return response
