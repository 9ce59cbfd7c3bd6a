"""The life of an event: one table, used by the code, by the guards in SQL and by the schema's CHECK.

scheduled   To be paid on its date. Made by creating, extending or returning (C6). A worker's claim, a cancellation
            or the books of its last run move it on. A crash leaves it as it is; its batch finds it again.
processing  Claimed: it may have been sent. The worker that settles its batch moves it on. A crash leaves it here
            until the batch's lease runs out; then it counts as ambiguous (C4).
paid        The provider said so for this key. Its transaction was written by the same statement (C7). Final.
failed      Proven not paid: declined, or never executed. With `retry_on` it waits for that day's run. Final otherwise.
unknown     It may have been paid and nobody could say yet. The resolver or a person moves it on; never a time-out.
cancelled   Will not be paid; `cancel_reason` says why. Only `skipped` can be taken back; inside a pause it is paused.
paused      Inside a pause; comes back when nothing covers it, unless its date has passed: then it rests for good.
missed      Its date and its `payLate` days passed without a run that could pay it. Final.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final


class EventStatus(StrEnum):
    SCHEDULED = "scheduled"
    PROCESSING = "processing"
    PAID = "paid"
    FAILED = "failed"
    UNKNOWN = "unknown"
    CANCELLED = "cancelled"
    PAUSED = "paused"
    MISSED = "missed"


class CancelReason(StrEnum):
    SKIPPED = "skipped"
    SCHEDULE_CANCELLED = "schedule_cancelled"
    SUPERSEDED = "superseded"
    COLLAPSED = "collapsed"
    GIVEN_UP = "given_up"


_S = EventStatus

TRANSITIONS: Final[dict[EventStatus, frozenset[EventStatus]]] = {
    _S.SCHEDULED: frozenset({_S.PROCESSING, _S.CANCELLED, _S.PAUSED, _S.MISSED}),
    _S.PROCESSING: frozenset({_S.PAID, _S.FAILED, _S.UNKNOWN, _S.SCHEDULED, _S.CANCELLED, _S.PAUSED, _S.MISSED}),
    _S.UNKNOWN: frozenset({_S.PAID, _S.FAILED, _S.SCHEDULED, _S.CANCELLED, _S.PAUSED, _S.MISSED}),
    _S.FAILED: frozenset({_S.PROCESSING, _S.CANCELLED, _S.PAID}),
    _S.PAUSED: frozenset({_S.SCHEDULED, _S.CANCELLED}),
    _S.CANCELLED: frozenset({_S.SCHEDULED, _S.PAUSED}),
    _S.PAID: frozenset(),
    _S.MISSED: frozenset(),
}
"""Which status may follow which. The narrower conditions are those of rules K5, K9, C5, C6, P2 and S5."""

EDITABLE: Final = frozenset({_S.SCHEDULED, _S.PAUSED})
"""Only these are edited or cancelled (rule S4); a failed event that waits for its retry can be given up."""

OPEN: Final = frozenset({_S.SCHEDULED, _S.PAUSED, _S.PROCESSING, _S.UNKNOWN})
"""Not final: while one stands, its schedule is not completed."""

AWAITING_PROOF: Final = frozenset({_S.PROCESSING, _S.UNKNOWN})
"""The provider's word for the key still decides these (rule K9)."""


TRIED_AGAIN: Final = (_S.FAILED, _S.PROCESSING, _S.UNKNOWN)
"""A declined event keeps its retry day while it is tried again: if nothing was sent, it waits for it once more."""


def may_follow(before: EventStatus, after: EventStatus) -> bool:
    """Whether an event may go from one status to the other."""
    return after in TRANSITIONS[before]
