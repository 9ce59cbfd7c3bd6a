"""Headers of answers, as the document describes them."""

from __future__ import annotations

from typing import Any, Final

Headers = dict[str, Any]
"""By name, as OpenAPI describes them."""


def _text(description: str, **schema: object) -> dict[str, Any]:
    return {"description": description, "schema": {"type": "string", **schema}}


def always(headers: Headers) -> Headers:
    """These headers, in every such answer."""
    return {name: {**header, "required": True} for name, header in headers.items()}


REQUEST_ID: Final = always(
    {
        "X-Request-Id": _text(
            "Of this request, in our log and audit too; a sane one of the caller's is taken over.",
            pattern="^[A-Za-z0-9._-]{1,64}$",
        )
    }
)
ETAG: Final = always({"ETag": _text('The version, as `"v3"`.', pattern='^"v[0-9]+"$')})
PAGE_ETAG: Final = always({"ETag": _text("Of what the page says.", pattern='^"[0-9a-f]+"$')})
LOCATION: Final = always({"Location": _text("Where the new thing is.", format="uri-reference")})
REPLAYED: Final[Headers] = {
    "Idempotent-Replayed": _text(
        "Present when this repeats the answer to an earlier request with the same key.", enum=["true"]
    )
}
CHALLENGE: Final[Headers] = {"WWW-Authenticate": _text("What a token lacks (RFC 6750).", pattern="^Bearer")}
RETRY_AFTER: Final[Headers] = {
    "Retry-After": _text("After how many seconds the same request may succeed.", pattern="^[0-9]+$")
}
