"""Builders for the gateway's tests."""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable
from typing import Any

import trustme

from shared.domain.payments import Payment, payment_key
from worker_service.gateway import Gateway

MakeGateway = Callable[..., Gateway]


def make_payment(number: int = 1, **changes: Any) -> Payment:
    event_id = f"018f0000-0000-7000-8000-{number:012d}"
    one = Payment(event_id, 1, payment_key(event_id, 1), f"payer-{number}", f"payee-{number}", "25.00", "GBP", "rent")
    return one._replace(**changes)


def make_payments(count: int) -> list[Payment]:
    return [make_payment(number) for number in range(1, count + 1)]


def soon(seconds: float = 30.0) -> float:
    """A last start so far ahead."""
    return time.monotonic() + seconds


def tls_for(authority: trustme.CA, name: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name).configure_cert(context)
    return context
