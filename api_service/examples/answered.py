"""What each operation answers to its request in `asked`; long lists are cut short."""

from __future__ import annotations

from typing import Any, Final

from api_service.examples import asked

Body = dict[str, Any]

SCHEDULE_ID: Final = "01a205bd-6d8f-7ea0-804f-e72b64b19a65"
EVENT_ID: Final = "01a205bd-6d93-7458-aa35-a4d25681c3f2"
TRANSACTION_ID: Final = "01a205bd-6f70-764a-8fb0-169cc5ac77dd"
AT: Final = "2026-11-20T12:00:30.156325Z"
MONTHLY: Final = "£25.00 every month on the 31st (the last day of shorter months) from 31 December 2026"


def _page(item: Body) -> Body:
    return {"data": [item], "nextCursor": None}


SCHEDULE: Final[Body] = {
    "id": SCHEDULE_ID,
    "payerId": "alice",
    **asked.CREATE_SCHEDULE,
    "dates": None,
    "endDate": None,
    "count": None,
    "interval": 1,
    "firstAmount": None,
    "finalAmount": None,
    "monthEnd": "clamp",
    "dayConvention": "none",
    "calendar": "GB-ENG",
    "retry": None,
    "payLate": 5,
    "isRecurring": True,
    "status": "active",
    "pauses": [],
    "description": f"{MONTHLY} until cancelled",
    "nextDate": "2026-12-31",
    "version": 1,
    "createdAt": AT,
}
EVENT: Final[Body] = {
    "id": EVENT_ID,
    "scheduleId": SCHEDULE_ID,
    "payerId": "alice",
    "payeeId": "landlord-9",
    "sequence": 4,
    "nominalDate": "2027-03-31",
    "date": "2027-03-31",
    "amount": "25.00",
    "currency": "GBP",
    "reference": "Rent flat 7",
    "status": "scheduled",
    "cancelReason": None,
    "overridden": False,
    "failureCode": None,
    "retryOn": None,
    "transactionId": None,
    "attempts": 0,
    "version": 1,
}
FIRST_EVENT: Final[Body] = {**EVENT, "sequence": 1, "nominalDate": "2026-12-31", "date": "2026-12-31"}
SENT_EVENT: Final[Body] = {
    **EVENT,
    "sequence": 1,
    "nominalDate": "2026-11-20",
    "date": "2026-11-20",
    "attempts": 1,
    "version": 4,
}
EDITED: Final[Body] = {"amount": "30.00", "version": 2}
NOTHING: Final[Body] = {"count": 0, "amounts": {}}
ONE: Final[Body] = {"count": 1, "amounts": {"GBP": "25.00"}}

CREATED_SCHEDULE: Final[Body] = {**SCHEDULE, "events": [FIRST_EVENT]}
CHANGED_SCHEDULE: Final[Body] = {
    "schedule": {
        **SCHEDULE,
        **EDITED,
        "description": f"{MONTHLY}, £30.00 from 31 March 2027 until cancelled",
    },
    "changes": {"updated": [{**EVENT, **EDITED}], "cancelled": [], "created": [], "kept": [FIRST_EVENT]},
}
RESUMED_SCHEDULE: Final[Body] = {**SCHEDULE, "version": 3}
CANCELLED_SCHEDULE: Final[Body] = {**SCHEDULE, "status": "cancelled", "nextDate": None, "version": 2}
SCHEDULE_PAGE: Final[Body] = _page(SCHEDULE)
PREVIEW: Final[Body] = {
    "description": "£25.00 on the last working day of every month from 31 December 2026 until cancelled",
    "events": [
        {"sequence": 1, "nominalDate": "2026-12-31", "date": "2026-12-31", "amount": "25.00", "shift": None},
        {
            "sequence": 2,
            "nominalDate": "2027-01-31",
            "date": "2027-01-29",
            "amount": "25.00",
            "shift": {"rule": "preceding", "reason": "Sunday"},
        },
    ],
}
PAUSE: Final[Body] = {"id": "01a205bd-6e5e-701e-9cba-45b0f42f8c8b", **asked.PAUSE_SCHEDULE, "reason": None}

EDITED_EVENT: Final[Body] = {**EVENT, **EDITED, **asked.EDIT_EVENT, "overridden": True}
SKIPPED_EVENT: Final[Body] = {**EVENT, "status": "cancelled", "cancelReason": "skipped", "version": 2}
RESTORED_EVENT: Final[Body] = {**EVENT, "version": 3}
RETRIED_EVENT: Final[Body] = {
    **SENT_EVENT,
    "status": "failed",
    "failureCode": "insufficient_funds",
    "retryOn": asked.RETRY_EVENT["date"],
}
RESOLVED_EVENT: Final[Body] = {**SENT_EVENT, "status": "paid", "transactionId": TRANSACTION_ID}
EVENT_PAGE: Final[Body] = _page(FIRST_EVENT)
TRANSACTION_PAGE: Final[Body] = _page(
    {
        "id": TRANSACTION_ID,
        "eventId": EVENT_ID,
        "scheduleId": SCHEDULE_ID,
        "payerId": "alice",
        "payeeId": "landlord-9",
        "amount": "25.00",
        "currency": "GBP",
        "date": "2026-11-20",
        "providerRef": "pay_81",
        "createdAt": AT,
    }
)

RUN: Final[Body] = {
    "date": "2026-11-20",
    "status": "open",
    "due": ONE,
    "paid": ONE,
    **dict.fromkeys(
        ("declined", "unknown", "withdrawn", "carried", "missed", "adjusted", "waiting", "inFlight"), NOTHING
    ),
    "balanced": True,
    "openedAt": AT,
    "closingAt": None,
    "closedAt": None,
    "reason": None,
}
PAUSED_RUN: Final[Body] = {**RUN, "status": "paused", **asked.PAUSE_RUN}
RESUMED_RUN: Final[Body] = {**RUN, **asked.RESUME_RUN}
CLOSING_RUN: Final[Body] = {**RUN, "closingAt": AT, **asked.CLOSE_RUN}
RUN_PAGE: Final[Body] = _page(RUN)

HOLD: Final[Body] = {
    "id": "01a205bd-6fed-72cd-8869-34546e31a9a0",
    **asked.PLACE_HOLD,
    "payeeId": None,
    "placedBy": "olga",
    "placedAt": AT,
    "endedAt": None,
}
ENDED_HOLD: Final[Body] = {**HOLD, "endedAt": AT}
HOLD_PAGE: Final[Body] = _page(HOLD)
SAID: Final[Body] = {"payerId": "alice", "amount": "25.00", "currency": "GBP"}
RECONCILE_ITEM_PAGE: Final[Body] = _page(
    {
        "id": "01a205bd-6b2d-76e3-bc46-048719ed6623",
        "date": "2026-11-20",
        "kind": "paid_there",
        "idempotencyKey": "5b1f0d5f-3f0c-5a53-9a55-0f0c8a4d2f11",
        "paymentId": "pay_81",
        "eventId": EVENT_ID,
        "eventDate": "2026-11-20",
        "ours": {**SAID, "status": "failed", "providerRef": None},
        "theirs": {**SAID, "status": "succeeded", "paymentId": "pay_81"},
        "foundAt": AT,
        "settledAt": None,
    }
)
