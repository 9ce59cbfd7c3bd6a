"""A body that a receiver of notices gets."""

from __future__ import annotations

from typing import Any, Final

from api_service.examples.answered import EVENT_ID, SCHEDULE_ID, TRANSACTION_ID

_RENT: Final[dict[str, Any]] = {
    "payerId": "alice",
    "payeeId": "landlord-9",
    "amount": "25.00",
    "currency": "GBP",
    "reference": "Rent flat 7",
}
NOTICES: Final[dict[str, Any]] = {
    "notices": [
        {
            "id": f"{EVENT_ID}.paid.3.payee",
            "type": "paid",
            "recipient": "landlord-9",
            "role": "payee",
            "event": {
                "id": EVENT_ID,
                "scheduleId": SCHEDULE_ID,
                **_RENT,
                "date": "2027-03-31",
                "nominalDate": "2027-03-31",
                "status": "paid",
                "version": 3,
                "transactionId": TRANSACTION_ID,
            },
        },
        {
            "id": f"{SCHEDULE_ID}.changed.2.payer",
            "type": "changed",
            "recipient": "alice",
            "role": "payer",
            "schedule": {
                "id": SCHEDULE_ID,
                **_RENT,
                "startDate": "2026-12-31",
                "endDate": None,
                "frequency": "monthly",
                "status": "active",
                "pauses": [{"from": "2027-07-01", "until": "2027-09-01"}],
                "version": 2,
            },
        },
    ]
}
