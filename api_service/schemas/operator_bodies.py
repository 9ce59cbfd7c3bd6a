"""What is said about one payment that failed or stayed unknown."""

from __future__ import annotations

from typing import Any

from marshmallow import ValidationError, validates_schema

from api_service.schemas.base import CamelSchema
from api_service.schemas.reading import Choice, Day, Text

PAID, FAILED = "paid", "failed"
REFERENCE_LONGEST = 255
REASON_LONGEST = 200


class RetryBody(CamelSchema):
    """When it is tried again."""

    date = Day(
        allow_none=True,
        load_default=None,
        metadata={"description": "The next open date when left out; or a later one before the next payment."},
    )


class ResolveBody(CamelSchema):
    """What became of it, and how that is known."""

    outcome = Choice(PAID, FAILED, required=True, metadata={"description": "What became of it."})
    provider_ref = Text(
        longest=REFERENCE_LONGEST,
        allow_none=True,
        load_default=None,
        metadata={"description": "The provider's id of the payment: required for paid, and only for it."},
    )
    reason = Text(longest=REASON_LONGEST, required=True, metadata={"description": "How it is known; for the audit."})

    @validates_schema
    def _check_reference(self, fields: dict[str, Any], **_: Any) -> None:
        if fields["outcome"] == PAID and fields["provider_ref"] is None:
            raise ValidationError("is required for paid", "providerRef")
        if fields["outcome"] == FAILED and fields["provider_ref"] is not None:
            raise ValidationError("is only for paid", "providerRef")
