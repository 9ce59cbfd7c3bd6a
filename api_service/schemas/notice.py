"""Notices as receivers get them: PostgreSQL writes them (`shared/db/notice_texts.py`), this describes them."""

from __future__ import annotations

from typing import Any, Final

from marshmallow import EXCLUDE
from marshmallow.fields import Boolean, Field, List, Nested, String

from api_service.schemas.base import CamelSchema
from api_service.schemas.reading import Day, Id, PartyId
from api_service.schemas.writing import Money, currency_code, row_version
from shared.domain.frequency import FREQUENCY_PATTERN
from shared.domain.lifecycle import CancelReason, EventStatus
from shared.domain.notices import ANY_FAILURE, FAILURES, MOST_IN_BODY, NoticeType, Role


class ToldSchema(CamelSchema):
    """Has every field but those that only some notices have; later versions may add more."""

    only_some: frozenset[str] = frozenset()

    class Meta:
        unknown = EXCLUDE

    def on_bind_field(self, field_name: str, field_obj: Field[Any]) -> None:
        super().on_bind_field(field_name, field_obj)
        field_obj.required = field_name not in self.only_some


class NoticeEventSchema(ToldSchema):
    """A payment as it was when its notice was written."""

    only_some = frozenset({"transaction_id", "failure", "will_retry", "retry_on", "cancel_reason"})

    id = Id()
    schedule_id = Id()
    payer_id = PartyId()
    payee_id = PartyId()
    amount = Money()
    currency = currency_code()
    reference = String(allow_none=True)
    date = Day(metadata={"description": "The day it is paid."})
    nominal_date = Day(metadata={"description": "The date that the rule gives."})
    status = String(metadata={"enum": list(EventStatus)})
    version = row_version()
    transaction_id = Id(metadata={"description": "With `paid`."})
    failure = String(metadata={"enum": [*FAILURES.values(), ANY_FAILURE], "description": "With `failed`."})
    will_retry = Boolean(metadata={"description": "With `failed`."})
    retry_on = Day(allow_none=True, metadata={"description": "With `failed`: when it is tried again."})
    cancel_reason = String(metadata={"enum": list(CancelReason), "description": "With `cancelled`."})


class NoticeWindowSchema(ToldSchema):
    """A pause: its first day, and the first day that is paid again (null: until the pause is taken away)."""

    from_date = Day(data_key="from")
    until_date = Day(data_key="until", allow_none=True)


class NoticeScheduleSchema(ToldSchema):
    """A schedule as it was when its notice was written."""

    id = Id()
    payer_id = PartyId()
    payee_id = PartyId()
    amount = Money()
    currency = currency_code()
    reference = String(allow_none=True)
    start_date = Day()
    end_date = Day(allow_none=True)
    frequency = String(metadata={"pattern": f"^({FREQUENCY_PATTERN})$"})
    status = String(metadata={"enum": ["active", "cancelled"]})
    pauses = List(Nested(NoticeWindowSchema), metadata={"description": "Those in force: whether it rests, and when."})
    version = row_version()


class NoticeSchema(ToldSchema):
    """One fact for one of its parties, about an `event` or about a `schedule`."""

    only_some = frozenset({"event", "schedule"})

    id = String(metadata={"description": "Of this fact for this recipient; one that is known may be passed over."})
    type = String(metadata={"enum": list(NoticeType)})
    recipient = PartyId(metadata={"description": "The payer's or the payee's id."})
    role = String(metadata={"enum": list(Role), "description": "A payee is told of `paid` only."})
    event = Nested(NoticeEventSchema)
    schedule = Nested(NoticeScheduleSchema)


class NoticesSchema(ToldSchema):
    """The body of one call."""

    notices = List(Nested(NoticeSchema), metadata={"minItems": 1, "maxItems": MOST_IN_BODY})


NOTICES: Final = "Notices"
"""The body's name in the document."""
