"""What every peer does for a payment in Python: call the bank, then write the transaction and the event's status."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import psycopg2
import requests

DATABASE_URL, BROKER_URL, BANK_URL = (os.environ[name] for name in ("DATABASE_URL", "BROKER_URL", "BANK_URL"))
TIMEOUT_SECONDS = 10

_own = threading.local()

INSERT = """
INSERT INTO transaction (event_id, payer_id, payee_id, amount, currency, provider_ref, started_at)
VALUES (%s, %s, %s, %s, %s, %s, %s)
"""


def payments(count: int) -> Iterator[dict[str, Any]]:
    """The same that the events table holds."""
    for number in range(1, count + 1):
        yield {
            "id": str(UUID(int=number)),
            "payerId": f"payer-{number}",
            "payeeId": f"payee-{number % 1000}",
            "amount": "25.00",
            "currency": "GBP",
            "reference": f"Rent {number}",
        }


def pay(payment: dict[str, Any]) -> None:
    """Pays and writes it down in one commit; session and connection are kept open, one each in every thread."""
    started_at = datetime.now(UTC)
    body = {name: value for name, value in payment.items() if name != "id"}
    headers = {"Idempotency-Key": payment["id"], "Authorization": "Bearer sandbox"}
    response = _session().post(f"{BANK_URL}/payments", json=body, headers=headers, timeout=TIMEOUT_SECONDS)
    response.raise_for_status()
    minor_units = int(payment["amount"].replace(".", ""))
    paid = (payment["id"], payment["payerId"], payment["payeeId"], minor_units, payment["currency"])
    with _connection() as connection, connection.cursor() as cursor:
        cursor.execute(INSERT, (*paid, response.json()["paymentId"], started_at))
        cursor.execute("UPDATE event SET status = 'paid' WHERE id = %s", (payment["id"],))


def _session() -> requests.Session:
    if not hasattr(_own, "session"):
        _own.session = requests.Session()
        # Looking for proxies in the environment costs time at each call.
        _own.session.trust_env = False
    session: requests.Session = _own.session
    return session


def _connection() -> Any:
    if not hasattr(_own, "connection"):
        _own.connection = psycopg2.connect(DATABASE_URL)
    return _own.connection
