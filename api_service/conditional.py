"""Versions in ETag, If-Match and If-None-Match: `"v3"` is the third version of a thing."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Response, json
from werkzeug.http import parse_etags

from api_service.problems import Problem


@dataclass(frozen=True, slots=True)
class Precondition:
    """The caller's If-Match; None: it does not mind."""

    if_match: str | None

    def check(self, version: int) -> None:
        """Raises Problem 412 unless this is the version that the caller means."""
        if self.if_match is not None and not parse_etags(self.if_match).contains(tag(version)):
            raise Problem(412, "version_stale", f'It is at version "{tag(version)}" now; read it again.')


def required(if_match: str | None) -> Precondition:
    """The precondition of a PATCH. Raises Problem 428 for a caller that does not say which version it read."""
    if if_match is None:
        raise Problem(428, "if_match_required", "A PATCH needs If-Match with the ETag of the version that it changes.")
    return Precondition(if_match)


def tag(version: int) -> str:
    """The entity tag of a version, without its quotes."""
    return f"v{version}"


def tagged(body: str, version: int, *, if_none_match: str | None = None) -> Response:
    """The answer with its ETag; without its body (304) for a caller that has this version."""
    response = Response(body, mimetype="application/json")
    if if_none_match is not None and parse_etags(if_none_match).contains_weak(tag(version)):
        response = Response(status=304)
    response.set_etag(tag(version))
    return response


def json_text(value: object) -> str:
    """The JSON text of an answer."""
    return json.dumps(value, separators=(",", ":"))
