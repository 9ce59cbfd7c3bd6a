"""What gunicorn refuses before the app sees it is a problem like all others."""

from __future__ import annotations

from contextlib import suppress
from http import HTTPStatus
from socket import socket
from typing import Final
from uuid import uuid4

import structlog
from gunicorn.http import errors  # type: ignore[import-untyped]
from gunicorn.util import write_nonblock  # type: ignore[import-untyped]

from api_service.problems import MEDIA_TYPE, Problem
from api_service.security_headers import HEADERS
from shared.log import get_logger

log = get_logger(__name__)

OURS: Final = (errors.InvalidResponseHeader, errors.InvalidResponseHeaderName)
PROBLEMS: Final[tuple[tuple[type[Exception], Problem], ...]] = (
    (errors.LimitRequestLine, Problem(414, "uri_too_long", "The address is too long.")),
    (errors.LimitRequestHeaders, Problem(431, "headers_too_large", "A header is too long, or there are too many.")),
    (errors.ExpectationFailed, Problem(417, "expectation_failed", "Only 100-continue can be expected.")),
    (errors.UnsupportedTransferCoding, Problem(501, "not_implemented", "The only transfer coding is chunked.")),
    (errors.ParseException, Problem(400, "malformed_request", "This is no HTTP request that can be understood.")),
)
SURPRISE: Final = Problem(500, "internal_error", "Something went wrong on our side. It was logged.")
TOO_SLOW: Final = Problem(408, "request_timeout", "The request did not arrive in time.")
OVERLOADED: Final = Problem(503, "unavailable", "Too many requests wait.", headers={"Retry-After": "5"})


def problem_of(error: Exception) -> Problem:
    """What a caller is told of an error of the server's own."""
    if isinstance(error, OURS):
        return SURPRISE
    return next((problem for kind, problem in PROBLEMS if isinstance(error, kind)), SURPRISE)


def refuse(client: socket, problem: Problem, error: str | None = None) -> None:
    """Answers, as far as the client takes it at once, and logs."""
    request_id = uuid4().hex
    structlog.contextvars.clear_contextvars()  # those of the thread's last request
    structlog.contextvars.bind_contextvars(request_id=request_id)
    say = log.error if problem is SURPRISE else log.warning
    say("request refused by the server", error=error, status=problem.status, code=problem.code)
    with suppress(OSError):
        write_nonblock(client, answer(problem, request_id))


def answer(problem: Problem, request_id: str) -> bytes:
    """The last answer on a connection, as it is sent."""
    body = problem.text(request_id)
    headers = {
        "Connection": "close",
        "Content-Type": MEDIA_TYPE,
        "Content-Length": str(len(body)),
        "X-Request-Id": request_id,
        **problem.headers,
        **HEADERS,
    }
    lines = [f"HTTP/1.1 {problem.status} {HTTPStatus(problem.status).phrase}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", body]).encode("ascii")
