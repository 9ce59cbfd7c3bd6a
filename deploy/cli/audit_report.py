"""What was found of the audit, for programs and for people."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from shared.domain.chain import FaultKind

if TYPE_CHECKING:
    from shared.domain.chain import Fault
    from shared.verification import Verdict

TITLES = {
    FaultKind.CHANGED: "a row was changed",
    FaultKind.SEAL_CHANGED: "a seal was changed",
    FaultKind.REMOVED: "a row was removed",
    FaultKind.SEAL_REMOVED: "a seal was removed",
    FaultKind.CUT_OFF: "rows were cut off the end",
    FaultKind.REWRITTEN: "the chain was written anew",
    FaultKind.REMOVED_UNSEALED: "a row was removed before it was sealed",
    FaultKind.NEVER_SEALED: "a row was never sealed, or lost its seal",
    FaultKind.LATE: "sealing is behind",
}
TAMPERING = (
    "change nothing; keep a copy of the database and the workers' logs as they are; compare the row with a backup that"
    " is older, and ask who could write to the database since"
)
ADVICE = {
    FaultKind.SEAL_CHANGED: "the row itself is right; " + TAMPERING,
    FaultKind.REWRITTEN: "verify the heads before it one by one to narrow down when; " + TAMPERING,
    FaultKind.LATE: "see that a worker runs that takes the queue `upkeep`, and that beat runs; then verify again",
}
"""What to do, where it is not what is done about any tampering."""


def audit_report(verdict: Verdict) -> dict[str, Any]:
    """The finding as JSON."""
    last, seconds = verdict.last, verdict.seconds
    return {
        "sound": verdict.fault is None,
        "checked": verdict.checked,
        "head": last and {"position": last.position, "hash": last.hash.hex(), "sealedAt": _instant(last.sealed_at)},
        "headsCompared": verdict.heads,
        "waiting": {"count": verdict.waiting, "seconds": None if seconds is None else round(seconds, 1)},
        "fault": verdict.fault and _fault(verdict.fault),
    }


def audit_lines(found: dict[str, Any]) -> Iterator[str]:
    """The finding in a few lines."""
    fault, head, waiting = found["fault"], found["head"], found["waiting"]
    if fault is None:
        yield f"the audit is sound: {found['checked']:,} rows are what was sealed"
    else:
        yield f"THE AUDIT IS NOT SOUND: {fault['title']}"
        yield f"  row       {fault['auditId'] or 'not known'}"
        yield f"  position  {fault['position'] or 'none'}"
        yield f"  found     {fault['detail']}"
        yield f"  to do     {fault['advice']}"
        yield f"sound before it: {found['checked']:,} rows"
    if waiting["count"]:
        yield f"not sealed yet: {waiting['count']:,} rows, the oldest for {waiting['seconds']:,.0f} s"
    if head is not None:
        yield f"the chain{'' if fault is None else ' so far'} ends at {head['position']}:{head['hash']}"
    if fault is None and not found["headsCompared"]:
        yield "no head was compared: a cut off the end would not be seen; see --head and --heads"
    elif found["headsCompared"]:
        yield f"heads compared: {found['headsCompared']:,}"


def _fault(fault: Fault) -> dict[str, Any]:
    return {
        "kind": str(fault.kind),
        "auditId": fault.audit_id,
        "position": fault.position,
        "title": TITLES[fault.kind],
        "detail": fault.detail,
        "advice": ADVICE.get(fault.kind, TAMPERING),
    }


def _instant(seconds: str) -> str:
    """As the REST API shows instants; what no calendar knows is shown as it stands."""
    try:
        return datetime.fromtimestamp(float(seconds), UTC).isoformat().replace("+00:00", "Z")
    except (ValueError, OverflowError, OSError):
        return seconds
