"""Every answer that is a problem, as the document describes it: its codes, an example, its headers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Final

from api_service.documented import CHALLENGE, REQUEST_ID, RETRY_AFTER, always

EXAMPLE_REQUEST_ID: Final = "5f2b1c0e9a7d4e43a1c6d0b8f3e2a917"


@dataclass(frozen=True, slots=True)
class Refusal:
    """A status, with its `codes` (the first is the example's) and the example's `detail` and `errors`."""

    codes: tuple[str, ...]
    detail: str
    headers: Mapping[str, Any] = field(default_factory=dict)
    errors: tuple[Mapping[str, str], ...] = ()

    def response(self, status: HTTPStatus, media_type: str, schema: Any) -> dict[str, Any]:
        """The response of the document."""
        codes = " or ".join(f"`{code}`" for code in self.codes)
        content = {"schema": schema, "example": self._example(status)}
        return {
            "description": f"{status.phrase}: {codes}.",
            "headers": {**REQUEST_ID, **self.headers},
            "content": {media_type: content},
        }

    def _example(self, status: HTTPStatus) -> dict[str, Any]:
        example: dict[str, Any] = {
            "type": f"urn:payday:problem:{self.codes[0]}",
            "title": status.phrase,
            "status": int(status),
            "detail": self.detail,
            "code": self.codes[0],
            "requestId": EXAMPLE_REQUEST_ID,
        }
        return {**example, "errors": list(self.errors)} if self.errors else example


REFUSALS: Final[Mapping[HTTPStatus, Refusal]] = {
    HTTPStatus.BAD_REQUEST: Refusal(
        ("malformed_json", "idempotency_key_required", "bad_cursor", "bad_request", "malformed_request"),
        "The body is not JSON: line 1, column 12.",
    ),
    HTTPStatus.UNAUTHORIZED: Refusal(
        ("token_missing", "token_invalid"), "A bearer token is needed.", always(CHALLENGE)
    ),
    HTTPStatus.FORBIDDEN: Refusal(
        ("scope_missing", "payer_not_allowed"), "This needs the scope schedules:write.", CHALLENGE
    ),
    HTTPStatus.NOT_FOUND: Refusal(("not_found",), "There is no such schedule."),
    HTTPStatus.CONFLICT: Refusal(
        (
            "event_not_open",
            "event_not_failed",
            "event_not_skipped",
            "event_not_unknown",
            "event_contradicted",
            "event_resolved",
            "retry_pending",
            "date_collapsed",
            "date_not_in_rule",
            "date_not_open",
            "date_too_far",
            "schedule_cancelled",
            "schedule_paused",
            "too_many_schedules",
            "too_many_pauses",
            "too_many_holds",
            "run_not_open",
            "run_closing",
            "run_closed",
            "conflict",
            "idempotency_in_flight",
        ),
        "The event is paid; only a scheduled or paused one can be changed.",
        RETRY_AFTER,
    ),
    HTTPStatus.PRECONDITION_FAILED: Refusal(("version_stale",), 'It is at version "v3" now; read it again.'),
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: Refusal(("body_too_large",), "The body is larger than 64 KiB."),
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: Refusal(
        ("unsupported_media_type",), "The body must be application/json in UTF-8."
    ),
    HTTPStatus.UNPROCESSABLE_ENTITY: Refusal(
        ("validation_failed", "date_not_open", "idempotency_key_reused"),
        "Some values are not valid.",
        errors=({"pointer": "/amount", "detail": "has 3 decimals; GBP has 2"},),
    ),
    HTTPStatus.PRECONDITION_REQUIRED: Refusal(
        ("if_match_required",), "A PATCH needs If-Match with the ETag of the version that it changes."
    ),
    HTTPStatus.TOO_MANY_REQUESTS: Refusal(
        ("rate_limited",), "Too many requests; wait before the next one.", always(RETRY_AFTER)
    ),
    HTTPStatus.INTERNAL_SERVER_ERROR: Refusal(("internal_error",), "Something went wrong on our side. It was logged."),
    HTTPStatus.SERVICE_UNAVAILABLE: Refusal(
        ("unavailable", "keys_unavailable"), "The database does not answer now.", always(RETRY_AFTER)
    ),
}
