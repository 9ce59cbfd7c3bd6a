"""What must hold whatever happened, judged by the journals of bank and receiver first. Used by the controls, too."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from shared.domain.lifecycle import EventStatus, may_follow
from shared.domain.payments import payment_key
from tests.chaos.told import Notices, Subject, check_notices
from tests.chaos.violations import Violated, none_of

Rows = Sequence[Mapping[str, Any]]
FINAL = frozenset({"paid", "failed", "cancelled", "missed", "paused"})
CLOCK_SECONDS = 0.05
"""Two clocks of one host are compared: the bank's and PostgreSQL's."""


class Paid(NamedTuple):
    """One of our events as the invariants see it; `amount` as text, `first_sent_at` in seconds since 1970."""

    id: str
    schedule_id: str
    status: str
    attempt: int
    amount: str
    due: bool
    first_sent_at: float | None
    is_recorded: bool


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the journals of bank (`payments`, `sends`) and receiver (`notices`: every arrival; None where nobody is
    told) and our tables say at the end."""

    payments: Rows
    sends: Rows
    events: Sequence[Paid]
    edges: Collection[tuple[str, str]] = ()
    runs: Rows = ()
    cancelled_events: Mapping[str, float] = field(default_factory=dict)
    cancelled_schedules: Mapping[str, float] = field(default_factory=dict)
    older_pages: Sequence[str] = ()
    notices: Notices | None = None

    def event_of_key(self) -> dict[str, Paid]:
        """Each key that was ever an event's."""
        return {payment_key(event.id, number): event for event in self.events for number in range(1, event.attempt + 1)}


def check(evidence: Evidence, *, may_be_unknown: bool, max_rps: int = 0) -> None:
    """All of them. Raises Violated."""
    paid_once(evidence)
    sends_of_a_key_are_identical(evidence)
    everything_due_has_ended(evidence, may_be_unknown=may_be_unknown)
    transactions_are_the_payments(evidence)
    edges_are_allowed(evidence)
    cancelled_stays_unpaid(evidence)
    books_balance(evidence)
    none_of("a page knows of the changes of who asks for it", evidence.older_pages)
    if max_rps:
        rate_is_kept(evidence, max_rps)
    if evidence.notices is not None:
        check_notices(evidence.notices, [Subject(event.id, event.status, event.amount) for event in evidence.events])


def paid_once(evidence: Evidence) -> None:
    """At most one effective payment an event, and none that is nobody's."""
    events = evidence.event_of_key()
    strange = [row["idempotencyKey"] for row in evidence.payments if row["idempotencyKey"] not in events]
    none_of("a payment belongs to an event", strange)
    times = Counter(events[row["idempotencyKey"]].id for row in evidence.payments)
    none_of("an event is paid at most once", [event for event, number in times.items() if number > 1])


def sends_of_a_key_are_identical(evidence: Evidence) -> None:
    """Byte by byte (rule K2)."""
    hashes: dict[str, set[str]] = defaultdict(set)
    for send in evidence.sends:
        hashes[send["idempotencyKey"]].add(send["bodyHash"])
    none_of("every send of a key is byte-identical", [key for key, found in hashes.items() if len(found) > 1])


def everything_due_has_ended(evidence: Evidence, *, may_be_unknown: bool) -> None:
    """Every due event is final, or visibly unknown where nobody can say."""
    ended = FINAL | {"unknown"} if may_be_unknown else FINAL
    left = [(event.id, event.status) for event in evidence.events if event.due and event.status not in ended]
    none_of("every due event ends", left)


def transactions_are_the_payments(evidence: Evidence) -> None:
    """In key and amount; what is unknown may have been paid, and has no transaction."""
    events = evidence.event_of_key()
    effective = {row["idempotencyKey"]: row["amount"] for row in evidence.payments}
    known = {key: amount for key, amount in effective.items() if key in events and events[key].status != "unknown"}
    ours = {payment_key(event.id, event.attempt): event.amount for event in evidence.events if event.is_recorded}
    none_of("a payment has its transaction", sorted(known.items() - ours.items()))
    none_of("a transaction has its payment", sorted(ours.items() - known.items()))
    unlike = [event.id for event in evidence.events if event.is_recorded != (event.status == "paid")]
    none_of("what is paid has a transaction, and nothing else", unlike)
    times = Counter(event.id for event in evidence.events)
    none_of("an event has at most one transaction", [event_id for event_id, number in times.items() if number > 1])


def edges_are_allowed(evidence: Evidence) -> None:
    """Only changes of the life cycle's table."""
    wrong = [edge for edge in evidence.edges if not may_follow(EventStatus(edge[0]), EventStatus(edge[1]))]
    none_of("only allowed changes of status happen", sorted(wrong))


def cancelled_stays_unpaid(evidence: Evidence) -> None:
    """After a cancellation was answered with 200 nothing is paid that was not claimed before."""
    events = evidence.event_of_key()
    late = []
    for row in evidence.payments:
        event = events.get(row["idempotencyKey"])
        if event is None:
            continue
        if event.id in evidence.cancelled_events:
            late.append(event.id)
        answered_at = evidence.cancelled_schedules.get(event.schedule_id)
        if answered_at is not None and (event.first_sent_at or 0.0) > answered_at + CLOCK_SECONDS:
            late.append(event.id)
    none_of("nothing is claimed after its cancellation was answered", late)


def books_balance(evidence: Evidence) -> None:
    """Of every run (rule D6)."""
    none_of("the books of a run balance", [run["date"] for run in evidence.runs if not run["balanced"]])


def rate_is_kept(evidence: Evidence, max_rps: int) -> None:
    """In every second."""
    times = sorted(_seconds(send["receivedAt"]) for send in evidence.sends)
    most = max((bisect_left(times, at + 1.0) - place for place, at in enumerate(times)), default=0)
    if most > max_rps:
        raise Violated(f"no second has more than {max_rps} sends: one has {most}")


def nothing_shows(marks: Iterable[str], where: Mapping[str, str]) -> None:
    """No mark stands in any of the texts, which are given by where they were found."""
    found = [f"{mark!r} in {place}" for place, content in where.items() for mark in marks if mark in content]
    none_of("no secret and no personal data is shown", found)


def _seconds(instant: str) -> float:
    return datetime.fromisoformat(instant).timestamp()
