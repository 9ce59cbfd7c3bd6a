"""Errors as the caller sees them: application/problem+json (RFC 9457), whatever went wrong."""

from __future__ import annotations

import json
import traceback
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Final

from flask import Flask, Response, g
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge

from api_service.auth.keys import KeysUnavailable
from shared.db.errors import Unavailable
from shared.db.idempotency import InFlight, KeyReused
from shared.domain.errors import Conflict, DomainError, FieldProblem, Invalid, NotAllowed, NotFound
from shared.log import get_logger

log = get_logger(__name__)

MEDIA_TYPE: Final = "application/problem+json"
MAX_ERRORS: Final = 50
"""A body of nothing but unknown fields is not answered with as many errors."""

STATUS: Final[dict[type[DomainError], int]] = {
    Invalid: 422,
    KeyReused: 422,
    NotFound: 404,
    InFlight: 409,
    Conflict: 409,
    NotAllowed: 403,
    Unavailable: 503,
}
RETRY_AFTER_SECONDS: Final[dict[type[DomainError], int]] = {InFlight: 1, Unavailable: 5}
CODES: Final = {
    404: "not_found",
    405: "method_not_allowed",
    413: "body_too_large",
    415: "unsupported_media_type",
    500: "internal_error",
}


class Problem(Exception):
    """A request that is refused before the rules are asked."""

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        *,
        errors: Sequence[FieldProblem] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(code)
        self.status = status
        self.code = code
        self.detail = detail
        self.errors = errors
        self.headers = dict(headers or {})

    def response(self) -> Response:
        """The answer to this request."""
        return Response(self.text(g.get("request_id")), self.status, self.headers, mimetype=MEDIA_TYPE)

    def text(self, request_id: str | None) -> str:
        """The body, in ASCII: a pointer can name a field that holds a lone surrogate, which UTF-8 has not."""
        body: dict[str, object] = {
            "type": f"urn:payday:problem:{self.code}",
            "title": HTTPStatus(self.status).phrase,
            "status": self.status,
            "detail": self.detail,
            "code": self.code,
            "requestId": request_id,
        }
        if self.errors:
            body["errors"] = [{"pointer": error.pointer, "detail": error.detail} for error in self.errors[:MAX_ERRORS]]
        return json.dumps(body, ensure_ascii=True)


def register_problems(app: Flask) -> None:
    """Gives every error of the app its problem."""
    app.register_error_handler(Problem, Problem.response)
    app.register_error_handler(DomainError, lambda error: of_domain(error).response())
    app.register_error_handler(KeysUnavailable, lambda _: KEYS_UNAVAILABLE.response())
    app.register_error_handler(HTTPException, lambda error: of_http(error).response())
    app.register_error_handler(Exception, lambda error: of_surprise(error).response())


def of_domain(error: DomainError) -> Problem:
    """The problem of what the rules refuse."""
    kind = next((kind for kind in type(error).__mro__ if kind in STATUS), Conflict)
    headers = {"Retry-After": str(RETRY_AFTER_SECONDS[kind])} if kind in RETRY_AFTER_SECONDS else None
    if isinstance(error, Invalid):
        return Problem(422, error.code, "Some values are not valid.", errors=error.problems)
    if isinstance(error, Unavailable):
        log.warning("database unavailable", reason=error.detail, cause=type(error.__cause__).__name__)
    return Problem(STATUS[kind], error.code, _sentence(error.detail), headers=headers)


def of_http(error: HTTPException) -> Problem:
    """The problem of what Flask itself refuses: no such route, another method, too large a body."""
    status = error.code or 500
    headers = {name: value for name, value in error.get_headers() if name == "Allow"}
    if isinstance(error, RequestEntityTooLarge):
        return Problem(413, CODES[413], "The body is larger than 64 KiB.")
    phrase = HTTPStatus(status).phrase.lower().replace(" ", "_").replace("'", "")
    return Problem(status, CODES.get(status, phrase), error.description or HTTPStatus(status).phrase, headers=headers)


def of_surprise(error: Exception) -> Problem:
    """The one broad catch: an error of ours is logged, and says nothing of our inside to the caller.

    Logged without its message: a database's quotes the row that it refused, which is somebody's.
    """
    frames = traceback.extract_tb(error.__traceback__)
    log.error(
        "request failed",
        error=type(error).__name__,
        sqlstate=getattr(getattr(error, "orig", None), "pgcode", None),
        frames=[f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames],
    )
    return Problem(500, CODES[500], "Something went wrong on our side. It was logged.")


KEYS_UNAVAILABLE: Final = Problem(
    503, "keys_unavailable", "The issuer's keys cannot be fetched now.", headers={"Retry-After": "5"}
)


def _sentence(detail: str) -> str:
    return detail[:1].upper() + detail[1:] + ("" if detail.endswith(".") else ".")
