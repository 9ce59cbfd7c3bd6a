"""What the journal adds up to, kept up to date with each line."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal

_KEYS_SHOWN = 100


class Totals:
    """Counts and sums of effective payments, and what should not have happened.

    `times_paid` has only keys whose payment was overtaken by a later word on the key.
    """

    def __init__(self) -> None:
        self.sends = 0
        self.payments = 0
        self.declined = 0
        self.sums: defaultdict[str, Decimal] = defaultdict(Decimal)
        self.times_paid: dict[str, int] = {}
        self.not_identical: set[str] = set()

    def paid(self, currency: str, amount: str) -> None:
        self.payments += 1
        self.sums[currency] += Decimal(amount)

    def summary(self) -> dict[str, object]:
        """The part of `GET /journal/summary` that comes from here."""
        doubles = [key for key, times in self.times_paid.items() if times > 1]
        return {
            "sends": self.sends,
            "effectivePayments": self.payments,
            "declined": self.declined,
            "sums": {currency: str(amount) for currency, amount in sorted(self.sums.items())},
            "doubles": {"count": len(doubles), "keys": sorted(doubles)[:_KEYS_SHOWN]},
            "notIdentical": {
                "count": len(self.not_identical),
                "keys": sorted(self.not_identical)[:_KEYS_SHOWN],
            },
        }
