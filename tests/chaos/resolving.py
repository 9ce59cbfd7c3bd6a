"""What a person does at the end where nobody can be asked: looks into the provider's record, and says so (rule P2)."""

from __future__ import annotations

from deploy.local.processes import wait_for
from shared.domain.payments import payment_key
from tests.chaos.site import PROCESSING_SECONDS, Site

UNKNOWN = "SELECT id::text, attempt FROM event WHERE status = 'unknown'"
REASON = "read in the provider's record"


def resolve(site: Site) -> int:
    """Settles every unknown event by the bank's journal; how many there were."""
    client = site.client()
    assert wait_for(lambda: site.bank.summary()["underWay"] == 0, 2 * PROCESSING_SECONDS)
    paid = {row["idempotencyKey"]: row["paymentId"] for row in site.bank.payments()}
    unknown = site.town.rows(UNKNOWN)
    for event in unknown:
        reference = paid.get(payment_key(event.id, event.attempt))
        outcome = {"outcome": "paid", "providerRef": reference} if reference else {"outcome": "failed"}
        answer = client.ask("POST", f"/v1/events/{event.id}/resolve", {**outcome, "reason": REASON}, operator=True)
        assert answer.ok, answer.text
    return len(unknown)
