"""The day as the API, the bank and the receiver tell it, each for itself."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Self

from deploy.local.demo.client import HttpClient
from deploy.local.receiver.routes import NOTICES

Row = dict[str, Any]
JOURNAL_ROWS = 5000
PAGE_ROWS = 200


@dataclass(frozen=True, slots=True)
class Records:
    """All rows of the day: events and transactions by the API, payments and declines by the bank's journal, notices by
    the receiver's, of any day, and doubles as often as they came."""

    events: dict[str, Row]
    transactions: list[Row]
    payments: list[Row]
    declines: list[Row]
    summary: Row
    notices: list[Row]
    told: Row

    @classmethod
    def read(cls, api: HttpClient, bank: HttpClient, receiver: HttpClient, day: date) -> Self:
        """Reads them all. Raises NoAnswerError."""
        span = f"from={day}&to={day}&limit={PAGE_ROWS}"
        return cls(
            events={row["id"]: row for row in api.rows(f"/v1/events?{span}")},
            transactions=list(api.rows(f"/v1/transactions?{span}")),
            payments=list(_journal(bank, "payments")),
            declines=list(_journal(bank, "declines")),
            summary=bank.call("GET", "/journal/summary").json(),
            notices=list(receiver.rows(NOTICES, rows_name="notices")),
            told=receiver.call("GET", "/summary").json(),
        )

    @property
    def seconds(self) -> float:
        """From the first answer of the bank to the last."""
        instants = [datetime.fromisoformat(row["executedAt"]) for row in (*self.payments, *self.declines)]
        return (max(instants) - min(instants)).total_seconds() if instants else 0.0

    @property
    def events_a_second(self) -> float | None:
        """How fast the bank was asked; None when all fell into one moment."""
        return (len(self.payments) + len(self.declines)) / self.seconds if self.seconds else None


def _journal(bank: HttpClient, kind: str) -> Iterable[Row]:
    return bank.rows(f"/journal?kind={kind}&limit={JOURNAL_ROWS}", rows_name=kind)
