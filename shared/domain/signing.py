"""The signature of a call, as the Standard Webhooks specification has it: the receiver knows by it that it is ours."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Iterable
from typing import Final

MESSAGE_ID: Final = "webhook-id"
TIMESTAMP: Final = "webhook-timestamp"
SIGNATURE: Final = "webhook-signature"

TOLERANCE_SECONDS: Final = 300
"""How far the clocks of sender and receiver may be apart: an older call is somebody's copy of it."""
_VERSION: Final = "v1"
_LONGEST_TIMESTAMP: Final = 12


def message_id(body: bytes) -> str:
    """The same for the same body, so that a call that is repeated is known for one."""
    return f"msg_{hashlib.sha256(body).hexdigest()[:32]}"


def sign(secrets: Iterable[bytes], message_id: str, at: int, body: bytes) -> str:
    """The signatures by each of the secrets with spaces between; `at`: seconds since 1970."""
    return " ".join(f"{_VERSION},{_signature(secret, message_id, str(at), body)}" for secret in secrets)


def signed_headers(secrets: Iterable[bytes], message_id: str, at: int, body: bytes) -> dict[str, str]:
    """The three headers of the call that brings this body."""
    return {MESSAGE_ID: message_id, TIMESTAMP: str(at), SIGNATURE: sign(secrets, message_id, at, body)}


def verify(
    secrets: Iterable[bytes], message_id: str, timestamp: str, signatures: str, body: bytes, *, now: float
) -> bool:
    """Whether one of the signatures is by one of the secrets, and the call was made about now."""
    if not (message_id and timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= _LONGEST_TIMESTAMP):
        return False
    if abs(now - int(timestamp)) > TOLERANCE_SECONDS:
        return False
    given = [value for version, _, value in (each.partition(",") for each in signatures.split()) if version == _VERSION]
    expected = [_signature(secret, message_id, timestamp, body) for secret in secrets]
    return any(hmac.compare_digest(one, other) for one in given if one.isascii() for other in expected)


def _signature(secret: bytes, message_id: str, timestamp: str, body: bytes) -> str:
    content = b".".join((message_id.encode(), timestamp.encode(), body))
    return base64.b64encode(hmac.digest(secret, content, "sha256")).decode()
