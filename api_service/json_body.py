"""Reading a JSON body strictly: what two readers could understand in two ways is refused."""

from __future__ import annotations

import hashlib
import json
from typing import Any, Final, NoReturn

from flask import Request, g, request
from gunicorn.http.errors import NoMoreData, ParseException  # type: ignore[import-untyped]
from werkzeug.exceptions import RequestEntityTooLarge

from api_service.problems import Problem
from shared.domain.errors import FieldProblem, Invalid

MAX_BODY_BYTES: Final = 64 * 1024
LONGEST_INTEGER: Final = 18
"""Digits; a longer number is no value of ours, and Python refuses to read very long ones."""


def read_body() -> Any:
    """The parsed body of this request; a second call gives the same. Raises Problem: 400, 413 or 415."""
    if "body" not in g:
        g.body = parse(_content(request))
    return g.body


def read_no_body() -> None:
    """For a call that takes no body: none, or an empty object. Raises Problem 400, 413 or 415, and Invalid."""
    read_optional_body()
    if g.body != {}:
        raise Invalid(FieldProblem("", "must be left out: this call takes no body"))


def read_optional_body() -> Any:
    """The parsed body of this request; none is as good as an empty object. Raises Problem: 400, 413 or 415."""
    if "body" not in g:
        g.body = parse(_content(request)) if has_body() else {}
    return g.body


def has_body() -> bool:
    """Whether this request says that it brings a body."""
    return bool(request.content_length) or "Transfer-Encoding" in request.headers


def fingerprint() -> str:
    """What is the same for two bodies exactly when they say the same, whatever their spaces and order."""
    canonical = json.dumps(read_body(), sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


def parse(content: bytes) -> Any:
    """The value of a JSON text in UTF-8. Raises Problem 400."""
    try:
        return json.loads(
            content.decode("utf-8"),
            object_pairs_hook=_object,
            parse_constant=_refuse_constant,
            parse_int=lambda digits: int(digits) if len(digits) <= LONGEST_INTEGER else _number(digits),
            parse_float=_number,
        )
    except UnicodeDecodeError:
        raise _malformed("The body is not UTF-8.") from None
    except json.JSONDecodeError as error:
        raise _malformed(f"The body is not JSON: line {error.lineno}, column {error.colno}.") from None
    except RecursionError:
        raise _malformed("The body is nested too deeply.") from None


def _content(incoming: Request) -> bytes:
    charset = incoming.mimetype_params.get("charset", "utf-8").lower()
    if incoming.mimetype != "application/json" or charset not in ("utf-8", "utf8"):
        raise Problem(415, "unsupported_media_type", "The body must be application/json in UTF-8.")
    if incoming.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise Problem(415, "unsupported_media_type", "The body must not be compressed.")
    # One byte too long is announced as well, and its end is not waited for: reading it would find a body cut short.
    if (incoming.content_length or 0) > MAX_BODY_BYTES:
        raise RequestEntityTooLarge
    try:
        content = incoming.get_data(cache=False)
    except (ParseException, NoMoreData):  # of the server, which takes chunks apart only while they are read
        raise _malformed("The body's chunks cannot be read.") from None
    if len(content) > MAX_BODY_BYTES:
        raise RequestEntityTooLarge
    return content


def _number(text: str) -> int | float:
    """An integer where it has no fraction: 5.0 is 5 (JSON Schema 2020-12, 6.1.1), in a body and in its fingerprint."""
    value = float(text)
    return int(value) if value.is_integer() else value


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise _malformed("The body has an object with the same name twice.")
    return value


def _refuse_constant(_name: str) -> NoReturn:
    raise _malformed("The body has NaN or Infinity, which are not JSON.")


def _malformed(detail: str) -> Problem:
    return Problem(400, "malformed_json", detail)
