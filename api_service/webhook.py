"""The call that a receiver of notices gets, as the document describes it: a webhook, signed as the Standard Webhooks
specification has it."""

from __future__ import annotations

from typing import Any, Final

from api_service.examples.told import NOTICES as EXAMPLE
from api_service.schemas.notice import NOTICES
from shared.domain.notices import MOST_IN_BODY
from shared.domain.signing import MESSAGE_ID, SIGNATURE, TIMESTAMP

DESCRIPTION: Final = f"""\
Goes to the one address that this installation is told (`NOTIFY_URL`), with at most {MOST_IN_BODY} notices.
Notices may come twice, with the same `id`, and in any order: of one event or schedule, the highest `version` is newest.
"""
_ANSWERS: Final = {
    "2XX": "All notices are taken. The answer's body is not read.",
    "410": "No more: these notices are dead letters, and nothing is sent until an operator says so.",
    "429": "Later. `Retry-After` lengthens the wait, also with other statuses.",
    "default": "Not taken, as without an answer: they come again, six times, after a minute to a day.",
}


def _header(name: str, description: str, pattern: str) -> dict[str, Any]:
    schema = {"type": "string", "pattern": pattern}
    return {"in": "header", "name": name, "required": True, "description": description, "schema": schema}


WEBHOOKS: Final[dict[str, Any]] = {
    "notices": {
        "post": {
            "operationId": "receiveNotices",
            "summary": "What payers and payees are told",
            "description": DESCRIPTION,
            "tags": ["webhooks"],
            "parameters": [
                _header(MESSAGE_ID, "Of this body; the same when it comes again.", "^[A-Za-z0-9_-]+$"),
                _header(TIMESTAMP, "When the call was made, in seconds since 1970.", "^[0-9]+$"),
                _header(SIGNATURE, "HMAC-SHA256 by each secret, with spaces between.", "^v1,[A-Za-z0-9+/=]+( v1,.+)*$"),
            ],
            "requestBody": {
                "required": True,
                "content": {
                    "application/json": {
                        "schema": {"$ref": f"#/components/schemas/{NOTICES}"},
                        "example": EXAMPLE,
                    }
                },
            },
            "responses": {status: {"description": said} for status, said in _ANSWERS.items()},
        }
    }
}
