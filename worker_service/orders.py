"""Orders: what of a part is sent, made from the claimed events alone (rule K2)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from shared.db.parts import Claim, ClaimedEvent
from shared.domain.payments import Payment, make
from shared.log import get_logger
from shared.settings import CALL_MARGIN_SECONDS, ProviderSettings, Settings

log = get_logger(__name__)


class Orders(NamedTuple):
    """The payments to send; `sent_before`: the keys among them of which an earlier send may have paid (rule K3);
    `unwritable`: events of which no payment can be made (rule C8)."""

    payments: list[Payment]
    sent_before: frozenset[str]
    unwritable: list[str]


def orders(settings: Settings, claim: Claim) -> Orders:
    """What a worker sends of a part it has claimed."""
    unwritable: list[str] = []
    fresh = _written(claim.fresh, unwritable)
    again = _written([event for event in claim.doubtful if may_be_resent(settings, event)], unwritable)
    return Orders([*fresh, *again], frozenset(payment.key for payment in again), unwritable)


def last_start(settings: Settings, claim: Claim, started: float) -> float:
    """Until when calls for a claim may begin: well inside its lease (rule C3), and not after the cut-off (rule D5).

    `started`: the worker's own monotonic clock before it claimed; the answer is a time on that clock.
    """
    own = settings.lease_seconds - settings.provider.timeout_seconds - CALL_MARGIN_SECONDS
    return started + min(own, claim.seconds_to_cutoff)


def may_be_resent(settings: Settings, event: ClaimedEvent) -> bool:
    """Whether an earlier holder's event may be sent again (rules K4, K6); the others become unknown.

    A resend is a payment: not after a cancellation, in a pause or under a hold, and not when the provider may have
    forgotten the key before our last call begins.
    """
    provider: ProviderSettings = settings.provider
    window = provider.key_window_seconds - settings.lease_seconds
    return provider.mode == "key" and event.wanted and event.sent_seconds_ago < window


def payment_of(event: ClaimedEvent) -> Payment:
    """The payment of a claimed event, made from its frozen columns alone."""
    return make(event.id, event.attempt, event.payer_id, event.payee_id, event.amount, event.currency, event.reference)


def _written(events: Sequence[ClaimedEvent], unwritable: list[str]) -> list[Payment]:
    """One payment's rubbish must not cost the others their outcome (rule C8)."""
    written = []
    for event in events:
        try:
            payment = payment_of(event)
        except Exception as error:  # noqa: BLE001 - whatever is wrong with it, it is wrong with it alone
            log.error("event quarantined", alert=True, event_id=event.id, error=type(error).__name__)
            unwritable.append(event.id)
        else:
            written.append(payment)
    return written
