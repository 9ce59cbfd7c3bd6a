"""The books of a run (rule D6): what it took on equals what became of it, by count and by sum per currency."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum


class Heading(StrEnum):
    """Where a booking stands. IN_FLIGHT rises with a claim and falls with what becomes of it.

    ADJUSTED: paid today for an earlier, closed run; it stands outside the balance of today's run.
    """

    DUE = "due"
    PAID = "paid"
    DECLINED = "declined"
    UNKNOWN = "unknown"
    WITHDRAWN = "withdrawn"
    CARRIED = "carried"
    MISSED = "missed"
    ADJUSTED = "adjusted"
    IN_FLIGHT = "in_flight"


OUTCOMES = (
    Heading.PAID,
    Heading.DECLINED,
    Heading.UNKNOWN,
    Heading.WITHDRAWN,
    Heading.CARRIED,
    Heading.MISSED,
)


@dataclass(slots=True)
class Tally:
    """A number of events and their sums in minor units by currency."""

    count: int = 0
    amounts: dict[str, int] = field(default_factory=lambda: defaultdict(int))

    def add(self, count: int, currency: str, amount: int) -> None:
        self.count += count
        self.amounts[currency] += amount

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Tally)
            and self.count == other.count
            and (_without_zeros(self.amounts) == _without_zeros(other.amounts))
        )

    def nonzero_amounts(self) -> dict[str, int]:
        """The sums that are not nought, by currency in alphabetical order."""
        return dict(sorted(_without_zeros(self.amounts).items()))


@dataclass(frozen=True, slots=True)
class Books:
    """The figures of one run by heading, `waiting` among them while it is open."""

    tallies: dict[Heading, Tally]
    waiting: Tally
    closed: bool

    @property
    def balanced(self) -> bool:
        """Whether the identity of rule D6 holds; in a closed run nothing waits and nothing is in flight."""
        if self.closed:
            return self.waiting == Tally() and self.tallies[Heading.IN_FLIGHT] == Tally()
        return self.waiting.count >= 0 and all(amount >= 0 for amount in self.waiting.amounts.values())


def books(bookings: Iterable[tuple[str, str, int, int]], *, closed: bool) -> Books:
    """The books from signed bookings `(heading, currency, count, amount in minor units)`."""
    tallies = {heading: Tally() for heading in Heading}
    for heading, currency, count, amount in bookings:
        tallies[Heading(heading)].add(count, currency, amount)
    waiting = Tally()
    for sign, headings in ((1, (Heading.DUE,)), (-1, (*OUTCOMES, Heading.IN_FLIGHT))):
        for heading in headings:
            waiting.count += sign * tallies[heading].count
            for currency, amount in tallies[heading].amounts.items():
                waiting.amounts[currency] += sign * amount
    return Books(tallies, waiting, closed)


def _without_zeros(amounts: dict[str, int]) -> dict[str, int]:
    return {currency: amount for currency, amount in amounts.items() if amount}
