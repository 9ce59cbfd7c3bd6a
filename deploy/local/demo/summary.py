"""What the demo has to say in the end: figures, the comparison, and where to look next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from deploy.local.demo.creating import Created
from deploy.local.demo.records import Records

SHOWN = ("due", "paid", "declined", "unknown")


@dataclass(frozen=True, slots=True)
class Summary:
    """One day of the demo; `differences` is empty when all went as planned."""

    day: date
    created: Sequence[Created]
    cancelled_today: int
    run: dict[str, Any]
    records: Records
    differences: Sequence[str]
    month_end_dates: Sequence[str]

    def to_json(self, addresses: dict[str, str]) -> dict[str, Any]:
        """The summary for machines."""
        return {
            "date": self.day.isoformat(),
            "asPlanned": not self.differences,
            "differences": list(self.differences),
            "schedules": len(self.created),
            "cancelledToday": self.cancelled_today,
            **{name: self.run[name] for name in SHOWN},
            "declines": self.declines(),
            "eventsPerSecond": self.rate(),
            "journal": {"payments": len(self.records.payments), "transactions": len(self.records.transactions)},
            "notices": {name: self.records.told[name] for name in ("byType", "distinct", "notices", "badSignatures")},
            "monthEnd": list(self.month_end_dates),
            "addresses": addresses,
        }

    def declines(self) -> dict[str, int]:
        """How many were declined, by code."""
        codes = [row["code"] for row in self.records.declines]
        return {code: codes.count(code) for code in sorted(set(codes))}

    def rate(self) -> int | None:
        """Events a second; None when all fell into one moment."""
        rate = self.records.events_a_second
        return None if rate is None else round(rate)
