"""A request for each operation that takes a body, as of Friday 20 November 2026."""

from __future__ import annotations

from typing import Any, Final

Body = dict[str, Any]

CREATE_SCHEDULE: Final[Body] = {
    "payeeId": "landlord-9",
    "amount": "25.00",
    "currency": "GBP",
    "startDate": "2026-12-31",
    "frequency": "monthly",
    "reference": "Rent flat 7",
}
PREVIEW_SCHEDULE: Final[Body] = {
    "amount": "25.00",
    "currency": "GBP",
    "startDate": "2026-12-31",
    "frequency": "IntrvlMnthDay:01:-01",
    "dayConvention": "preceding",
    "limit": 3,
}
EDIT_SCHEDULE: Final[Body] = {"from": "2027-03-31", "amount": "30.00"}
PAUSE_SCHEDULE: Final[Body] = {"from": "2027-07-01", "until": "2027-09-01"}
EDIT_EVENT: Final[Body] = {"amount": "30.00", "date": "2027-03-30"}
RETRY_EVENT: Final[Body] = {"date": "2026-12-03"}
RESOLVE_EVENT: Final[Body] = {"outcome": "paid", "providerRef": "pay_81", "reason": "Seen on the statement"}
PAUSE_RUN: Final[Body] = {"reason": "The provider answers oddly"}
RESUME_RUN: Final[Body] = {"reason": "The provider has mended it"}
CLOSE_RUN: Final[Body] = {"reason": "The provider closes early today"}
PLACE_HOLD: Final[Body] = {"payerId": "alice", "reason": "Her account was taken over"}
