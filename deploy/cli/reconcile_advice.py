"""What a person does about a difference with the provider."""

from __future__ import annotations

import json
import shlex
from typing import Any

from shared.domain.reconciliation import Finding, Kind

REASON = "In the provider's record of {day}, seen by payday reconcile"
TITLES = {
    Kind.PAID_THERE: "paid at the provider, not with us",
    Kind.NO_EVENT: "paid at the provider, for no event of ours",
    Kind.NOT_THERE: "paid with us, not at the provider",
    Kind.OTHER_TERMS: "paid on both sides, but not alike",
    Kind.SECOND_KEY: "one event paid twice, with two keys",
    Kind.KEY_TWICE: "one key paid twice",
}
RESOLVED = {Kind.PAID_THERE: ("failed", "unknown"), Kind.OTHER_TERMS: ("unknown",)}
"""In which status of its event a difference can be resolved as paid (rule P2)."""


def resolution(finding: Finding, day: str) -> dict[str, Any] | None:
    """The call that settles the event as the provider says; None where none can."""
    booked, listed = finding.booked, finding.listed
    if booked is None or listed is None or booked.status not in RESOLVED.get(finding.kind, ()):
        return None
    body = {"outcome": "paid", "providerRef": listed.payment_id, "reason": REASON.format(day=day)}
    return {
        "method": "POST",
        "path": f"/v1/events/{booked.event_id}/resolve",
        "idempotencyKey": f"reconcile-{booked.key}",
        "body": body,
    }


def command(resolve: dict[str, Any]) -> str:
    """The same for a shell, where PAYDAY_URL and TOKEN (scope `ops`) are set."""
    return (
        f'curl -X POST "$PAYDAY_URL{resolve["path"]}" -H "Authorization: Bearer $TOKEN"'
        f" -H 'Idempotency-Key: {resolve['idempotencyKey']}' -H 'Content-Type: application/json'"
        f" -d {shlex.quote(json.dumps(resolve['body']))}"
    )


def advice(finding: Finding) -> str:
    """What to do, in one sentence."""
    booked, listed = finding.booked, finding.listed
    status = booked.status if booked is not None else ""
    payment = listed.payment_id if listed is not None else ""
    match finding.kind:
        case Kind.NO_EVENT:
            return f"Ask the provider who sent {payment}: none of our events has its key."
        case Kind.NOT_THERE:
            reference = booked.provider_ref if booked is not None else ""
            return f"Ask the provider about {reference}: it told us that it had paid it."
        case Kind.SECOND_KEY | Kind.KEY_TWICE:
            return f"Claim {payment} back from the provider: it is one payment too many."
        case Kind.OTHER_TERMS if booked is not None and booked.is_paid:
            return f"Ask the provider about {payment}: {', '.join(finding.fields)} differ from what we booked."
        case Kind.OTHER_TERMS:
            return f"Ask the provider about {payment} ({', '.join(finding.fields)} differ); resolve it if it stands."
    if status in RESOLVED[Kind.PAID_THERE]:
        return "Resolve the event as paid, if the payment stands."
    if status in ("scheduled", "paused"):
        return f"Hold its payer or cancel the event before it is paid again, and ask the provider about {payment}."
    return f"Claim {payment} back from the provider: the event was {status} with us."
