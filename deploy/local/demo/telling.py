"""Waiting until payers and payees were told of what became of the day."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from deploy.local.demo.client import HttpClient
from deploy.local.demo.watching import POLL_SECONDS

PATIENCE_SECONDS = 60.0


def wait_until_told(receiver: HttpClient, run: dict[str, Any], check: Callable[[], None]) -> None:
    """Returns when the receiver has as many notices of payments and declines as the run has, or after some patience:
    what is missing is told when all is compared. `check` raises when a process died."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    paid, declined = (run[name]["count"] for name in ("paid", "declined"))
    while time.monotonic() < deadline:
        check()
        told = receiver.call("GET", "/summary").json()["byType"]
        paid_told = min(_count(told, "paid", role) for role in ("payer", "payee"))
        if paid_told >= paid and _count(told, "failed", "payer") >= declined:
            return
        time.sleep(POLL_SECONDS)


def _count(told: dict[str, dict[str, int]], type_: str, role: str) -> int:
    return told.get(type_, {}).get(role, 0)
