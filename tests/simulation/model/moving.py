"""How an event's status moves: along the table of the life cycle, and never away from what the bank has done."""

from __future__ import annotations

from typing import Protocol

from shared.domain.lifecycle import EventStatus, may_follow
from tests.simulation.broken import demand
from tests.simulation.model.rows import EventRow, Rows


class Truth(Protocol):
    """What the bank knows of an event's attempt, whoever else does."""

    def paid(self, number: int, attempt: int) -> bool:
        """Whether it was paid."""

    def may_pay(self, number: int, attempt: int) -> bool:
        """Whether it was paid or is under way."""


class Nobody:
    """Where no bank is asked."""

    def paid(self, number: int, attempt: int) -> bool:
        return True

    def may_pay(self, number: int, attempt: int) -> bool:
        return False


UNDECIDED = (EventStatus.PROCESSING, EventStatus.UNKNOWN)


class Watched(Rows):
    """Rows whose status changes are looked at."""

    truth: Truth = Nobody()

    def move(self, event: EventRow, status: EventStatus) -> None:
        """Changes an event's status (K3: only the bank's word takes a claimed one further)."""
        before, self.changed = event.status, True
        demand(may_follow(before, status), f"event {event.number} went from {before} to {status}")
        if status is EventStatus.PAID:
            demand(self.truth.paid(event.number, event.attempt), f"event {event.number} is paid, the bank says no")
        elif before in UNDECIDED and status not in UNDECIDED:
            self.demand_unpaid(event)
        event.status = status

    def demand_unpaid(self, event: EventRow) -> None:
        """Whoever gives a key up must have proof that it never pays (K3, K5)."""
        may_pay = self.truth.may_pay(event.number, event.attempt)
        demand(not may_pay, f"attempt {event.attempt} of event {event.number} was given up while it may be paid")
