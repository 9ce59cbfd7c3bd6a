"""Requests that the rules may take: dates drawn from all of history and amounts of any size hardly ever are.

Only values change, each for another of its form, so that a request that fits the document still does.
"""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Any, Final

from tests.integration.api.client import TODAY

FIRST: Final = date.fromisoformat(TODAY)
DATE: Final = re.compile(r"\d{4}-\d{2}-\d{2}")
AMOUNTS: Final = ("amount", "firstAmount", "finalAmount")
CYCLE_DAYS: Final = 40


def near(body: dict[str, Any]) -> dict[str, Any]:
    """The same body with its dates in the coming weeks and its amounts in whole hundreds at most."""
    moved = {name: _moved(name, value) for name, value in body.items()}
    if "amount" in moved and "frequency" in moved:
        moved = _startable(moved)
    return moved


def _moved(name: str, value: Any) -> Any:
    if name in AMOUNTS and isinstance(value, str):
        return value.partition(".")[0][:3].lstrip("0") or "1"
    if isinstance(value, str) and DATE.fullmatch(value):
        return _day(value)
    if name == "dates" and isinstance(value, list):
        return sorted({_day(day) for day in value})
    return value


def _day(text: str) -> str:
    return (FIRST + timedelta(days=date.fromisoformat(text).toordinal() % CYCLE_DAYS)).isoformat()


def _startable(body: dict[str, Any]) -> dict[str, Any]:
    """With a start where one is needed, an end that is one, and without what excludes it."""
    if body["frequency"] == "dates":
        return {name: value for name, value in body.items() if name not in ("startDate", "endDate", "count")}
    kept = {name: value for name, value in body.items() if name not in ("dates", "endDate", "interval")}
    return {**kept, "startDate": body.get("startDate") or FIRST.isoformat()}
