"""What comparing one day with the provider's record came to."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import date

from shared.domain.reconciliation import Finding

LISTED_MOST = 10_000
"""More differences are counted and not kept: then it is the record that is another's or another day's."""


@dataclass(slots=True)
class Totals:
    """Payments of one side: how many, and minor units by currency."""

    count: int = 0
    amounts: Counter[str] = field(default_factory=Counter)

    def add(self, currency: str, amount: int) -> None:
        self.count += 1
        self.amounts[currency] += amount


@dataclass(slots=True)
class Report:
    """What was found.

    `ours`: the transactions of the day; `theirs`: the provider's payments executed on it. `agreed`: those that are the
    same. `executed_elsewhere`: ours that the provider executed on another day; `booked_elsewhere`: theirs that we
    booked on another. `not_judged`: ours that the record need not hold, and nobody could be asked about. `settled`:
    open payments that the provider's word settled (or would settle). `counts`: differences by kind, also those beyond
    LISTED_MOST.
    """

    day: date
    ours: Totals = field(default_factory=Totals)
    theirs: Totals = field(default_factory=Totals)
    agreed: int = 0
    executed_elsewhere: int = 0
    booked_elsewhere: int = 0
    not_judged: int = 0
    settled: list[Finding] = field(default_factory=list)
    settled_count: int = 0
    differences: list[Finding] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)

    @property
    def agrees(self) -> bool:
        return not self.counts

    @property
    def is_whole(self) -> bool:
        """Whether every difference is kept."""
        return sum(self.counts.values()) == len(self.differences)

    def add_difference(self, finding: Finding) -> None:
        self.counts[str(finding.kind)] += 1
        if len(self.differences) < LISTED_MOST:
            self.differences.append(finding)

    def add_settled(self, finding: Finding) -> None:
        self.settled_count += 1
        if len(self.settled) < LISTED_MOST:
            self.settled.append(finding)

    def drop(self, finding: Finding) -> None:
        """It was a difference, and is none any more."""
        self.differences.remove(finding)
        self.counts[str(finding.kind)] -= 1
        self.counts += Counter()
