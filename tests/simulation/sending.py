"""Sending a part's payments one by one, as the gateway does: each key's outcome is that of all its sends (K3)."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from datetime import date
from typing import TYPE_CHECKING

from shared.db.holds import Holds
from shared.domain.payments import Outcome, OutcomeKind, Payment, outcome_after
from shared.settings import Settings
from worker_service.gateway.resending import SENDS_MAX, wants_resend

if TYPE_CHECKING:
    from tests.simulation.story import Story

BEFORE = Outcome(OutcomeKind.AMBIGUOUS, "sent before")
NOTHING_HELD = Holds()


class Right:
    """Somebody's right to send: until `until` calls may begin, at `ends_at` it is over. It looks as `RunWatch` does."""

    def __init__(self, story: Story, settings: Settings, run_date: date, until: float, *, ends_at: float) -> None:
        self.ends_at = ends_at
        self._story = story
        self._run_date = run_date
        self._until = until
        self._holds = NOTHING_HELD
        self._stopped = False
        self._looked_at = story.now

    def is_open(self) -> bool:
        """Whether a call may begin now."""
        self._look()
        return self._story.now < self._until and not self._stopped

    def is_held(self, payment: Payment) -> bool:
        """Whether a hold covers the payment, by the latest look."""
        return self._holds.covers(payment.payer_id, payment.payee_id)

    def _look(self) -> None:
        story = self._story
        if story.now > self._looked_at:
            self._looked_at = story.now
            self._holds = story.rows.holds()
            run = story.rows.runs.get(self._run_date)
            self._stopped = self._stopped or run is None or not run.is_paying


def sending(
    story: Story, settings: Settings, payments: Sequence[Payment], sent_before: frozenset[str], right: Right
) -> Generator[None, None, dict[str, Outcome]]:
    """The outcomes of those of which a send began."""
    keyed = settings.provider.mode == "key"
    outcomes: dict[str, Outcome] = {}
    for payment in payments:
        key = payment.key
        earlier = BEFORE if key in sent_before else None
        if earlier is not None and not keyed:
            outcomes[key] = earlier
            continue
        for _ in range(SENDS_MAX):
            if not right.is_open() or right.is_held(payment):
                break
            if story.freezes:
                yield
            latest = story.send(settings, payment, right)
            yield
            outcomes[key] = outcome_after(outcomes.get(key) or earlier, latest)
            if not wants_resend(latest, keyed=keyed):
                break
    return outcomes
