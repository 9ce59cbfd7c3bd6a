"""Headers of answers, as the document describes them."""

from __future__ import annotations

from typing import Any, Final

_TEXT: Final = {"type": "string"}

REQUEST_ID: Final[dict[str, Any]] = {
    "X-Request-Id": {
        "description": "Of this request, in our log and audit too; a sane one of the caller's is taken over.",
        "required": True,
        "schema": {**_TEXT, "pattern": "^[A-Za-z0-9._-]{1,64}$"},
    }
}
ETAG: Final[dict[str, Any]] = {
    "ETag": {
        "description": 'The version, as `"v3"`.',
        "required": True,
        "schema": {**_TEXT, "pattern": '^"v[0-9]+"$'},
    }
}
PAGE_ETAG: Final[dict[str, Any]] = {
    "ETag": {
        "description": "Of what the page says.",
        "required": True,
        "schema": {**_TEXT, "pattern": '^"[0-9a-f]+"$'},
    }
}
REPLAYED: Final[dict[str, Any]] = {
    "Idempotent-Replayed": {
        "description": "Present when this repeats the answer to an earlier request with the same key.",
        "schema": {**_TEXT, "enum": ["true"]},
    }
}
LOCATION: Final[dict[str, Any]] = {
    "Location": {
        "description": "Where the new thing is.",
        "required": True,
        "schema": {**_TEXT, "format": "uri-reference"},
    }
}
CHALLENGE: Final[dict[str, Any]] = {
    "WWW-Authenticate": {
        "description": "What a token lacks (RFC 6750).",
        "schema": {**_TEXT, "pattern": "^Bearer"},
    }
}
RETRY_AFTER: Final[dict[str, Any]] = {
    "Retry-After": {
        "description": "After how many seconds the same request may succeed.",
        "schema": {**_TEXT, "pattern": "^[0-9]+$"},
    }
}


def always(headers: dict[str, Any]) -> dict[str, Any]:
    """These headers, in every such answer."""
    return {name: {**header, "required": True} for name, header in headers.items()}
