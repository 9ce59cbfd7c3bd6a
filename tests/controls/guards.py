"""The guards, each as it is taken away. What is replaced must be there, or the control would control nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import count
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from shared.db import claims, outbox_claims, settle_statement
from shared.db.engine import Sessions
from shared.db.parts import Claim
from shared.db.spans import Span
from shared.domain.payments import Outcome, OutcomeKind, Payment, make, payment_key
from worker_service.receiver import Receiver, Verdict

FENCE = " AND epoch = :epoch"
SENT_OFTEN = 1000


def without_the_epoch(patch: pytest.MonkeyPatch) -> None:
    """Whoever ever held the batch may settle it."""

    def hold(session: Session, claim: Claim) -> bool:
        statement = text("SELECT 1 FROM batch WHERE id = :batch FOR UPDATE")
        return session.scalar(statement, {"batch": claim.batch_id}) is not None

    assert FENCE in settle_statement.SETTLE
    patch.setattr(settle_statement, "SETTLE", settle_statement.SETTLE.replace(FENCE, ""))
    patch.setattr(claims, "hold", hold)


def with_a_key_for_each_send(patch: pytest.MonkeyPatch) -> None:
    """Every time an order is written it has another key."""
    numbers = count(SENT_OFTEN)

    def another(event_id: str, *columns: Any) -> Payment:
        return make(event_id, *columns)._replace(key=payment_key(event_id, next(numbers)))

    patch.setattr("worker_service.orders.make", another)


def with_retries_of_everything(patch: pytest.MonkeyPatch) -> None:
    """Whatever is not proven is sent again, whether or not the provider honours keys."""
    decided = (OutcomeKind.PAID, OutcomeKind.DECLINED)
    patch.setattr("worker_service.gateway.delivery.wants_resend", lambda latest, *, keyed: latest.kind not in decided)


def with_the_last_send_alone(patch: pytest.MonkeyPatch) -> None:
    """What earlier sends of the key came to is forgotten."""

    def last(earlier: Outcome | None, latest: Outcome) -> Outcome:
        return latest

    patch.setattr("worker_service.gateway.delivery.outcome_after", last)


def with_claimed_taken_for_never_sent(patch: pytest.MonkeyPatch) -> None:
    """A takeover gives back what a dead worker claimed."""

    def give_back(session: Session, batch_id: int, span: Span, **_: object) -> None:
        statement = f"UPDATE event SET status = 'scheduled' WHERE {span.condition} AND status = 'processing'"
        session.execute(text(f"{statement} AND batch_id = :batch"), {**span.parameters, "batch": batch_id})

    patch.setattr("shared.db.claims.doubt", give_back)


def with_notices_recorded_before_they_are_sent(patch: pytest.MonkeyPatch) -> None:
    """What is taken to be told counts as told, whatever becomes of the call."""
    take = outbox_claims.take

    def take_and_record(session: Session, **how: Any) -> outbox_claims.Claim | None:
        claim = take(session, **how)
        if claim is not None:
            outbox_claims.accepted(session, claim, len(claim.bodies))
        return claim

    patch.setattr(outbox_claims, "take", take_and_record)


def with_a_name_for_each_send_of_a_notice(patch: pytest.MonkeyPatch) -> None:
    """A notice whose fact is not its name: another one at each send."""
    numbers = count(SENT_OFTEN)
    tell = Receiver.tell

    def tell_anew(self: Receiver, texts: Sequence[str]) -> Verdict:
        return tell(self, [one.replace(".paid.", f".paid.{next(numbers)}.") for one in texts])

    patch.setattr(Receiver, "tell", tell_anew)


def uncommitted(sessions: Sessions, work: Callable[[Session], Any], **_: Sequence[object]) -> Any:
    """In place of `transact`: the claim is not committed before the payments go out."""
    with sessions() as session:
        found = work(session)
        session.rollback()
        return found
