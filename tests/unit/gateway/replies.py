"""Builders of what a provider answers."""

from __future__ import annotations

import json
from typing import Any

from requests.structures import CaseInsensitiveDict

from shared.domain.payments import Payment
from worker_service.calling.reply import Reply

KEY = "0f0a6b0e-5f5c-5f0e-9d7b-0123456789ab"
OTHER_KEY = "0f0a6b0e-5f5c-5f0e-9d7b-ba9876543210"
PAYMENT = Payment("event", 1, KEY, "payer", "payee", "25.00", "GBP", "rent")


def payment(number: int) -> Payment:
    return PAYMENT._replace(key=f"0f0a6b0e-5f5c-5f0e-9d7b-{number:012d}")


def reply(status: int, body: object = b"", **headers: str) -> Reply:
    """A reply whose body is bytes as they are, or anything else as JSON; header names with `_` for `-`."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Reply(status, CaseInsensitiveDict({k.replace("_", "-"): v for k, v in headers.items()}), content)


def paid(**changes: Any) -> dict[str, Any]:
    """The body of a success; a change to None leaves the member out."""
    body = {"paymentId": "pay_1", "status": "succeeded", "idempotencyKey": KEY, "amount": "25.00", **changes}
    return {name: value for name, value in body.items() if value is not None}


def declined(code: object = "insufficient_funds", **changes: Any) -> dict[str, Any]:
    body = {"status": "declined", "code": code, "idempotencyKey": KEY, **changes}
    return {name: value for name, value in body.items() if value is not None}


def refused(code: object = "payee_invalid", **changes: Any) -> dict[str, Any]:
    """The body of a 400, 404 or 422 that is about the payment."""
    body = {"code": code, "idempotencyKey": KEY, **changes}
    return {name: value for name, value in body.items() if value is not None}
