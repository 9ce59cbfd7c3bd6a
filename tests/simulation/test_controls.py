"""Negative controls: each decision or guard, taken away, lets some story break a rule within a bounded number of seeds.

The same seeds keep every rule with the decision in place: `test_interleavings` runs them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import count
from typing import Any

import pytest

from shared.domain import payments, takeover
from shared.domain.payments import AnswerKind, OutcomeKind
from shared.domain.returning import SCHEDULED, Becomes
from shared.domain.takeover import Takeover
from tests.simulation import quiet, sending
from tests.simulation.actors import Message
from tests.simulation.bank import Fate
from tests.simulation.broken import Broken
from tests.simulation.by_hand import happens, one_event, one_event_without_keys, to_the_end
from tests.simulation.model import returning
from tests.simulation.model.guards import ALL, Guards
from tests.simulation.names import DISPATCHER, RESOLVERS, WORKERS
from tests.simulation.story import Story
from tests.simulation.transactions import Wish
from worker_service import decisions, orders, resolving

SEEDS_MOST = 4000

Mutation = Callable[[pytest.MonkeyPatch], None]


def broken_by(guards: Guards = ALL) -> str:
    """What the first story says that breaks a rule."""
    for seed in range(SEEDS_MOST):
        try:
            Story(seed, guards=guards).run()
        except Broken as broken:
            print(f"seed {seed}: {broken}")
            return str(broken)
    return "nothing"


def a_key_for_each_send(patch: pytest.MonkeyPatch) -> None:
    numbers = count()

    def make(*values: Any) -> payments.Payment:
        return payments.make(*values)._replace(key=f"{next(numbers):036d}")

    patch.setattr(orders, "make", make)


def the_outcome_of_the_last_send_alone(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(sending, "outcome_after", lambda earlier, latest: latest)


def a_resend_after_every_failure(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(sending, "wants_resend", lambda latest, *, keyed: not latest.proven)


def failure_when_retries_are_used_up(patch: pytest.MonkeyPatch) -> None:
    verdict_of = decisions.verdict_of

    def hasty(outcome: payments.Outcome) -> Any:
        verdict = verdict_of(outcome)
        return verdict._replace(status="failed", code="gave_up") if verdict.status == "unknown" else verdict

    patch.setattr(decisions, "verdict_of", hasty)


def an_ambiguous_payment_given_back(patch: pytest.MonkeyPatch) -> None:
    decide_fresh = decisions._decide_fresh

    def careless(decided: decisions.Decisions, event_id: str, outcome: payments.Outcome | None) -> None:
        ambiguous = outcome is not None and outcome.kind is OutcomeKind.AMBIGUOUS
        decide_fresh(decided, event_id, None if ambiguous else outcome)

    patch.setattr(decisions, "_decide_fresh", careless)


def a_throttled_key_used_again(patch: pytest.MonkeyPatch) -> None:
    decide_fresh = decisions._decide_fresh

    def thrifty(decided: decisions.Decisions, event_id: str, outcome: payments.Outcome | None) -> None:
        throttled = outcome is not None and outcome.kind is OutcomeKind.THROTTLED
        decide_fresh(decided, event_id, None if throttled else outcome)

    patch.setattr(decisions, "_decide_fresh", thrifty)


def a_dead_workers_events_sent_whatever_the_payer_said(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(orders, "may_be_resent", lambda settings, event: settings.provider.mode == "key")


def an_unknown_payment_sent_whatever_the_payer_said(patch: pytest.MonkeyPatch) -> None:
    send_seconds = resolving.send_seconds
    patch.setattr(
        resolving, "send_seconds", lambda settings, attempt, now: send_seconds(settings, _wanted(attempt), now)
    )


def _wanted(attempt: Any) -> Any:
    return attempt._replace(sendable=True)


def a_key_sent_after_the_bank_forgot_it(patch: pytest.MonkeyPatch) -> None:
    def unbounded(settings: Any, attempt: Any, now: Any) -> float | None:
        return 10.0 if settings.provider.mode == "key" and attempt.sendable else None

    patch.setattr(resolving, "send_seconds", unbounded)


def a_not_found_that_counts_at_once(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(
        resolving,
        "counts_as_never_paid",
        lambda provider, attempt, answer, *, seconds_held: answer.kind is AnswerKind.NOT_FOUND,
    )


def a_cancelled_event_that_comes_back(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(returning, "becomes", lambda event, **schedule: Becomes(SCHEDULED, None))


def a_takeover_by_another_provider(patch: pytest.MonkeyPatch) -> None:
    takes_over = takeover.takeover
    patch.setattr(takeover, "takeover", lambda **found: takes_over(**{**found, "sent_to": found["provider"]}))


def a_takeover_that_sends_without_keys(patch: pytest.MonkeyPatch) -> None:
    takes_over = takeover.takeover

    def bold(**found: Any) -> Takeover:
        decided = takes_over(**found)
        return Takeover.SEND_AGAIN if decided is Takeover.DOUBT else decided

    patch.setattr(takeover, "takeover", bold)
    patch.setattr(orders, "may_be_resent", lambda settings, event: event.wanted)
    patch.setattr(sending, "BEFORE", None)


def sends_after_the_lease(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(orders, "last_start", lambda settings, claim, started: started + 10**9)


MUTATIONS: list[Mutation] = [
    a_key_for_each_send,
    the_outcome_of_the_last_send_alone,
    a_resend_after_every_failure,
    failure_when_retries_are_used_up,
    an_ambiguous_payment_given_back,
    a_throttled_key_used_again,
    a_dead_workers_events_sent_whatever_the_payer_said,
    an_unknown_payment_sent_whatever_the_payer_said,
    a_key_sent_after_the_bank_forgot_it,
    a_not_found_that_counts_at_once,
    a_cancelled_event_that_comes_back,
    a_takeover_by_another_provider,
    a_takeover_that_sends_without_keys,
    sends_after_the_lease,
]


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.__name__)
def test_without_the_decision_a_rule_breaks(mutation: Mutation, monkeypatch: pytest.MonkeyPatch) -> None:
    mutation(monkeypatch)
    assert broken_by() != "nothing"


@pytest.mark.parametrize("guard", ["epoch", "holder"])
def test_without_the_guard_a_rule_breaks(guard: str) -> None:
    assert broken_by(replace(ALL, **{guard: False})) != "nothing"


@pytest.mark.parametrize("lease", [True, False])
def test_nobody_takes_over_from_the_living(lease: bool) -> None:
    """A doubled message while the first worker may still send: what it has not sent is asked about, and given up."""
    story = Story(0, guards=replace(ALL, lease=lease), chosen=one_event_without_keys)
    to_the_end(story, DISPATCHER)
    first = story.messages.pop()
    story.start(WORKERS[0], first)
    to_the_end(story, WORKERS[1], Message(first.batch_id))
    story.advance(story.now + 20)
    story.healthy = True
    to_the_end(story, RESOLVERS[0])
    if lease:
        to_the_end(story, WORKERS[0])
        assert story.rows.events[0].status == "paid"
    else:
        with pytest.raises(Broken, match="was paid while event 0 was failed"):
            to_the_end(story, WORKERS[0])


@pytest.mark.parametrize("still", [True, False])
def test_a_not_found_that_is_older_than_a_send_proves_nothing(still: bool) -> None:
    """A resolver that stands still with its answer meanwhile another one sends the key."""
    story = Story(0, guards=replace(ALL, still=still), chosen=one_event)
    happens(story, Fate.LOST_BEFORE)
    to_the_end(story, DISPATCHER)
    to_the_end(story, WORKERS[0], story.messages.pop())
    story.wish(Wish.HOLD, 0)
    story.advance(story.now + 40)
    story.healthy = True
    story.start(RESOLVERS[0])
    story.go_on(RESOLVERS[0])
    story.healthy = False
    story.wish(Wish.END_HOLD, 0)
    story.advance(story.now + 130)
    happens(story, Fate.LOST_AFTER)
    to_the_end(story, RESOLVERS[1])
    if still:
        to_the_end(story, RESOLVERS[0])
        quiet.bring(story)
        quiet.check(story)
        assert story.rows.events[0].status == "paid"
    else:
        with pytest.raises(Broken, match="given up while it may be paid"):
            to_the_end(story, RESOLVERS[0])
