"""What the outcomes of a claim's payments mean for its events. Pure: outcomes in, what is to be written out."""

from __future__ import annotations

from dataclasses import dataclass, field

from shared.db.parts import Claim
from shared.db.verdicts import Verdict
from shared.domain.payments import Outcome, OutcomeKind
from shared.domain.retries import QUARANTINED
from worker_service.gateway import Results
from worker_service.orders import Orders

PAID = OutcomeKind.PAID  # looked up once: on Python 3.11 a member of an enumeration costs a microsecond

BACK_OFF_SECONDS = (5.0, 60.0)
"""How long a batch waits that the provider would not take, at least and at most."""


@dataclass(slots=True)
class Decisions:
    """What is written about the events of a part. `held`: a hold came while it was being sent; `slow`: some were left
    out for a party whose calls time out."""

    verdicts: dict[str, Verdict] = field(default_factory=dict)
    never_sent: list[str] = field(default_factory=list)
    key_used: list[str] = field(default_factory=list)
    wait_seconds: float = 0.0
    held: bool = False
    slow: bool = False

    @property
    def leftover(self) -> bool:
        return bool(self.never_sent or self.key_used)

    def wait_at_least(self, seconds: float | None) -> None:
        """What comes back waits so long."""
        self.wait_seconds = max(self.wait_seconds, seconds or 0.0)


def decide(claim: Claim, orders: Orders, results: Results) -> Decisions:
    """What the outcomes mean for the events. An event of an earlier holder is never given back (rule K3), and one that
    cannot be written is put aside (rule C8)."""
    outcomes = {payment.event_id: results.outcomes.get(payment.key) for payment in orders.payments}
    decisions, unwritable = Decisions(slow=bool(results.slow)), set(orders.unwritable)
    for event in claim.fresh:
        if event.id in unwritable:
            decisions.verdicts[event.id] = Verdict("failed", QUARANTINED)
        else:
            _decide_fresh(decisions, event.id, outcomes.get(event.id))
    for event in claim.doubtful:
        outcome = outcomes.get(event.id) or Outcome(OutcomeKind.AMBIGUOUS, "taken over")
        decisions.verdicts[event.id] = verdict_of(outcome)
    return decisions


def _decide_fresh(decisions: Decisions, event_id: str, outcome: Outcome | None) -> None:
    if outcome is None:
        decisions.never_sent.append(event_id)
    elif outcome.kind is PAID:
        decisions.verdicts[event_id] = verdict_of(outcome)
    elif outcome.kind is OutcomeKind.NOT_SENT:
        decisions.never_sent.append(event_id)
        decisions.wait_at_least(BACK_OFF_SECONDS[0])
    elif outcome.kind in (OutcomeKind.THROTTLED, OutcomeKind.MISCONFIGURED):
        decisions.key_used.append(event_id)
        asked = min(outcome.retry_after_seconds or 0.0, BACK_OFF_SECONDS[1])
        decisions.wait_at_least(max(asked, BACK_OFF_SECONDS[0]))
    else:
        decisions.verdicts[event_id] = verdict_of(outcome)


def verdict_of(outcome: Outcome) -> Verdict:
    """The verdict on an event whose key is settled, or stays open."""
    if outcome.kind is PAID:
        return Verdict("paid", None, outcome.provider_ref)
    if outcome.kind is OutcomeKind.DECLINED:
        return Verdict("failed", outcome.code or "declined", soft=outcome.soft)
    return Verdict("unknown", None, outcome.code, outcome.resend)
