"""The faults stop: what is under way goes on until nothing is left to do, and then every figure must agree."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from shared.domain.lifecycle import EventStatus
from tests.simulation import configuration, invariants
from tests.simulation.broken import demand
from tests.simulation.model.rows import AttemptRow, EventRow
from tests.simulation.moments import next_day
from tests.simulation.names import DISPATCHER, RESOLVERS, WORKERS
from tests.simulation.transactions import Wish

if TYPE_CHECKING:
    from tests.simulation.story import Story

ROUNDS_MOST = 60
STEPS_MOST = 400
OPEN = (EventStatus.SCHEDULED, EventStatus.PROCESSING)


def bring(story: Story) -> None:
    """Ends what users and operators stopped, heals the bank, and lets everybody work until all is final."""
    story.healthy = True
    story.settings = configuration.settings(story.scenario.terms)
    for payer in list(story.rows.held):
        number = next((event.number for event in story.rows.events if event.payer_id == payer), 0)
        story.wish(Wish.END_HOLD_ALL if payer is None else Wish.END_HOLD, number)
    for name in list(story.actors):
        _finish(story, name)
    for _ in range(ROUNDS_MOST):
        story.wish(Wish.RESUME_RUN, 0)
        _work(story)
        invariants.check(story)
        if _is_quiet(story):
            break
        story.advance(_next_moment(story))
    story.advance(next_day(story.now))
    _work(story)
    invariants.check(story)


def check(story: Story) -> None:
    """Every due event is final or visibly unknown; the transactions are the bank's payments, by key and amount."""
    for event in story.rows.events:
        _check_event(story, event)
    paid: dict[object, list[int]] = {}
    for event in story.rows.events:
        if event.status is EventStatus.PAID:
            line = paid.setdefault(event.known_on, [0, 0])
            line[0] += 1
            line[1] += event.amount
    for day in story.rows.runs:
        booked = [story.rows.books.get((day, heading), (0, 0)) for heading in ("paid", "adjusted")]
        total = [booked[0][0] + booked[1][0], booked[0][1] + booked[1][1]]
        demand(total == paid.get(day, [0, 0]), f"the books of {day} have {total} paid, there are {paid.get(day)}")


def _check_event(story: Story, event: EventRow) -> None:
    payments = story.bank.payments(event.number)
    keys = [record.attempt for record in payments]
    name = f"event {event.number}"
    if event.number in story.late:
        return
    if event.status is EventStatus.UNKNOWN:
        attempt = story.rows.attempts.get((event.number, event.attempt))
        demand(attempt is not None and attempt.state == "open", f"{name} is unknown and nobody asks")
        forgotten = attempt is not None and _is_forgotten(story, attempt)
        demand(forgotten, f"{name} is unknown though the bank knows")
        return
    demand(event.status not in OPEN and event.retry_on is None, f"{name} is left {event.status}")
    if event.status is EventStatus.PAID:
        demand(keys == [event.attempt], f"{name} is paid by attempt {event.attempt}, at the bank by {keys}")
        demand(event.reference in (payments[0].reference, "seen by a person"), f"{name} has another's reference")
    else:
        demand(not keys, f"{name} is {event.status} and was paid by {keys}")


def _is_forgotten(story: Story, attempt: AttemptRow) -> bool:
    """Without questions, or when the bank has forgotten, only a person knows."""
    terms = story.scenario.terms
    return terms.mode == "none" or story.now >= attempt.first_sent_at + terms.record_seconds


def _work(story: Story) -> None:
    """Everybody does what there is to do now."""
    story.start(DISPATCHER)
    _finish(story, DISPATCHER)
    while story.messages:
        story.start(WORKERS[0], story.messages.pop(0))
        _finish(story, WORKERS[0])
    for provider in sorted({attempt.provider for attempt in story.rows.attempts.values() if attempt.state == "open"}):
        # Each provider's own: what was sent to another than today's is resolved when that is set up again (K7).
        story.settings = configuration.settings(replace(story.scenario.terms, provider=provider))
        story.start(RESOLVERS[0])
        _finish(story, RESOLVERS[0])
    story.settings = configuration.settings(story.scenario.terms)
    if story.scenario.terms.mode == "none":
        _look(story)


def _look(story: Story) -> None:
    """A person looks at the bank's books (P2), where nobody else can ask; one event is left as it is."""
    for event in story.rows.events[1:]:
        if event.status is EventStatus.UNKNOWN:
            paid = story.bank.paid(event.number, event.attempt)
            if paid or not story.bank.may_pay(event.number, event.attempt):
                story.wish(Wish.RESOLVE_PAID if paid else Wish.RESOLVE_FAILED, event.number)


def _finish(story: Story, name: str) -> None:
    if name in story.actors:
        for _ in range(STEPS_MOST):
            story.steps += 1
            if not story.go_on(name):
                return
        demand(False, f"the {name} never comes to an end")


def _is_quiet(story: Story) -> bool:
    rows = story.rows
    waiting = any(event.status in OPEN or event.retry_on is not None for event in rows.events)
    asked = [attempt for attempt in rows.attempts.values() if attempt.state == "open"]
    return not waiting and all(_is_forgotten(story, attempt) for attempt in asked)


def _next_moment(story: Story) -> int:
    """When there is something to do again."""
    rows, now = story.rows, story.now
    moments = [attempt.next_at for attempt in rows.attempts.values() if attempt.state == "open"]
    for batch in rows.batches.values():
        if batch.status == "claimed" and batch.lease_until is not None:
            moments.append(max(batch.lease_until, (batch.published_at or 0) + configuration.LEASE_SECONDS) + 1)
        elif batch.status == "waiting":
            moments += [moment for moment in (batch.wait_until, batch.opens_at) if moment is not None]
            if batch.published_at is not None:
                moments.append(batch.published_at + configuration.LEASE_SECONDS + 1)
    return min([moment for moment in moments if moment > now] + [next_day(now)])
