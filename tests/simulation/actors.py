"""The dispatcher, a worker and the resolver, one transaction or one call at a time.

What they decide is production's; where production holds a transaction or a call, they stop and let others go first.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias
from uuid import UUID

from shared.db.attempts import OpenAttempt
from shared.db.parts import Claim
from shared.db.proofs import Proof
from shared.domain.days import BusinessNow
from shared.domain.payments import AnswerKind, Outcome, OutcomeKind
from shared.settings import Settings
from tests.simulation.sending import Right, sending
from worker_service import decisions, ending, late_proofs, orders, resolving
from worker_service.dispatching import days_to_plan, is_past
from worker_service.gateway import Results

if TYPE_CHECKING:
    from tests.simulation.story import Story

Steps: TypeAlias = Generator[None, None, None]


@dataclass(slots=True)
class Message:
    """What a worker hears of; `redelivered`: whoever had it before may have died of it."""

    batch_id: int
    redelivered: bool = False


def dispatching(story: Story) -> Steps:
    """A tick, as `worker_service.dispatch.tick`; its clock is read once."""
    payday, settings, now = story.payday, story.settings, story.business
    unfinished = payday.unfinished_plans(now.today)
    for day in days_to_plan(unfinished, now):
        yield
        payday.plan(settings, day, past=is_past(day, now))
        yield from _closing(story, settings, now)
    yield from _closing(story, settings, now)
    if now.in_hours:
        yield
        story.messages += [Message(batch_id) for batch_id in payday.publish(settings, now)]


def _closing(story: Story, settings: Settings, now: BusinessNow) -> Steps:
    for day in story.payday.to_close(now):
        yield
        if not story.payday.close(settings, day):
            break


def paying(story: Story, message: Message) -> Steps:
    """What `worker_service.pay.pay_batch` does with a message."""
    payday, settings, started = story.payday, story.settings, story.now
    if message.redelivered:
        payday.count_death(settings, message.batch_id)
        yield
    part = payday.take(settings, message.batch_id)
    if part is None:
        return
    until = orders.last_start(settings, part, started)
    right = Right(story, settings, part.run_date, until, ends_at=story.now + settings.lease_seconds)
    while part is not None:
        written = orders.orders(settings, part)
        story.look_at_claim(written)
        yield
        left, settled, decided = yield from _paying(story, settings, part, written, right)
        if settled is None or settled < len(decided.verdicts):
            for proof in late_proofs.proofs_of(part, decided.verdicts):
                yield
                payday.prove(settings, proof)
        if not left.more:
            return
        yield
        part = payday.next_part(settings, ending.left_by(part, decided))


def _paying(
    story: Story, settings: Settings, part: Claim, written: orders.Orders, right: Right
) -> Generator[None, None, tuple[ending.Ending, int | None, decisions.Decisions]]:
    outcomes = yield from sending(story, settings, written.payments, written.sent_before, right)
    not_begun = frozenset(payment.key for payment in written.payments if payment.key not in outcomes)
    decided = decisions.decide(part, written, Results(outcomes, not_begun))
    decided.held = any(right.is_held(payment) for payment in written.payments if payment.key in not_begun)
    left = ending.ending(settings, part, decided, room=right.is_open())
    yield
    return left, story.payday.settle(settings, part, decided, left), decided


def resolving_due(story: Story) -> Steps:
    """A tick of the resolver, as `worker_service.resolve.resolve_due`."""
    settings = story.settings
    while settings.provider.mode != "none":
        taken_at = story.now
        found = story.payday.take_due(settings)
        if found is None:
            return
        attempt, seconds = found
        if seconds is not None:
            story.look_at_resend(attempt)
        yield
        if seconds is not None:
            yield from _resend(story, settings, attempt, taken_at, seconds)
        else:
            yield from _ask(story, settings, attempt, taken_at)
        yield


def _resend(story: Story, settings: Settings, attempt: OpenAttempt, taken_at: int, seconds: float) -> Steps:
    payment = orders.payment_of(story.claimed(attempt))
    key, ends_at = payment.key, taken_at + seconds + settings.provider.timeout_seconds
    right = Right(story, settings, story.business.today, taken_at + seconds, ends_at=ends_at)
    outcomes = yield from sending(story, settings, [payment], frozenset({key}), right)
    outcome = outcomes.get(key, Outcome(OutcomeKind.AMBIGUOUS))
    if not outcome.resend:
        yield
        story.payday.forbid_resend(attempt)
    if outcome.proven:
        yield
        paid = outcome.kind is OutcomeKind.PAID
        code = None if paid else outcome.code or "declined"
        _prove(story, settings, attempt, paid, code, outcome.provider_ref, outcome.soft)


def _ask(story: Story, settings: Settings, attempt: OpenAttempt, taken_at: int) -> Steps:
    key = orders.payment_of(story.claimed(attempt)).key
    answer = story.ask(key)
    yield
    if answer.kind in (AnswerKind.PAID, AnswerKind.DECLINED):
        paid = answer.kind is AnswerKind.PAID
        _prove(story, settings, attempt, paid, None if paid else answer.code, answer.provider_ref, answer.soft)
    elif resolving.counts_as_never_paid(settings.provider, attempt, answer, seconds_held=story.now - taken_at):
        story.payday.never_paid(settings, attempt)


def _prove(
    story: Story,
    settings: Settings,
    attempt: OpenAttempt,
    paid: bool,
    code: str | None,
    reference: str | None,
    soft: bool,
) -> None:
    proof = Proof(
        UUID(str(attempt.event_id)),
        attempt.event_date,
        attempt.number,
        paid=paid,
        code=code,
        provider_ref=reference,
        soft=soft,
    )
    story.payday.prove(settings, proof)
