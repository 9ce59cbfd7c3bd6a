"""Headers of answers, as the document describes them."""

from __future__ import annotations

from typing import Any, Final

_TEXT: Final = {"type": "string"}

ETAG: Final[dict[str, Any]] = {
    "ETag": {"description": 'The version, as `"v3"`.', "schema": {**_TEXT, "pattern": '^"v[0-9]+"$'}}
}
REPLAYED: Final[dict[str, Any]] = {
    "Idempotent-Replayed": {
        "description": "Present when this repeats the answer to an earlier request with the same key.",
        "schema": {**_TEXT, "enum": ["true"]},
    }
}
LOCATION: Final[dict[str, Any]] = {
    "Location": {"description": "Where the new thing is.", "schema": {**_TEXT, "format": "uri-reference"}}
}
