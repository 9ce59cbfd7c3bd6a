"""Versions in ETag, If-Match and If-None-Match: `"v3"` is the third version of a thing."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

import orjson
from flask import Response

from api_service.problems import Problem

_TAG: Final = r'(?:W/)?"[!\x23-\x7e\x80-\xff]*"'
_LIST: Final = re.compile(rf"[ \t,]*{_TAG}(?:[ \t]*,[ \t,]*{_TAG})*[ \t,]*")
"""Tags in quotes, between commas; a reader must bear with empty places (RFC 9110, 5.6.1 and 8.8.3)."""


@dataclass(frozen=True, slots=True)
class Precondition:
    """The caller's If-Match; None: it does not mind."""

    if_match: str | None

    def check(self, version: int) -> None:
        """Raises Problem 412 unless this is the version that the caller means.

        A weak tag never is (RFC 9110, 13.1.1), nor is what is no tag: `v3` without quotes.
        """
        if self.if_match is None or self.if_match.strip() == "*":
            return
        tags = _tags(self.if_match)
        if tags is None:
            raise Problem(412, "version_stale", 'If-Match must hold tags in quotes, such as "v3", or be *.')
        if f'"{tag(version)}"' not in tags:
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
    response.set_etag(tag(version))
    return unless_unchanged(response, if_none_match)


def unless_unchanged(response: Response, if_none_match: str | None) -> Response:
    """An answer that has a tag; without its body (304) for a caller that has what it says."""
    if if_none_match is None:
        return response
    own, _ = response.get_etag()
    if own is None or not _has(if_none_match, own):
        return response
    unchanged = Response(status=304)
    unchanged.set_etag(own)
    return unchanged


def _has(if_none_match: str, own: str) -> bool:
    """Whether the caller has it; weak tags count here (RFC 9110, 13.1.2)."""
    if if_none_match.strip() == "*":
        return True
    return own in {found.removeprefix("W/").strip('"') for found in _tags(if_none_match) or ()}


def _tags(header: str) -> list[str] | None:
    """The tags of a list, each with its quotes; None for what is no list of tags."""
    return re.findall(_TAG, header) if _LIST.fullmatch(header) else None


def json_text(value: object) -> str:
    """The JSON text of an answer. Raises TypeError for what is no JSON."""
    return orjson.dumps(value).decode()
