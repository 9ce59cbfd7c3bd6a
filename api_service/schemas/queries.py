"""Queries and headers that a caller may give."""

from __future__ import annotations

from typing import Any, Final

from marshmallow import EXCLUDE, ValidationError, post_load, validates_schema
from marshmallow.fields import List, String

from api_service.schemas.base import CamelSchema
from api_service.schemas.reading import Choice, Day, Flag, Id, PartyId, Text, VisibleAscii, Whole
from shared.domain.lifecycle import EventStatus

MAX_LIMIT: Final = 200
DEFAULT_LIMIT: Final = 50
PAYER: Final = {"description": "Whose; without it a caller sees its own, and one that may read all sees all."}


class QuerySchema(CamelSchema):
    """What is left out is None when it is loaded, though no caller can write null."""

    @post_load
    def fill(self, fields: dict[str, Any], **_: Any) -> dict[str, Any]:
        return {**dict.fromkeys(self.fields), **fields}


class PayerQuery(QuerySchema):
    """Whose thing it is: it is found faster when a caller that acts for all says so."""

    payer_id = PartyId(metadata=PAYER)


class PageQuery(QuerySchema):
    """Which page."""

    limit = Whole(low=1, high=MAX_LIMIT, digits=True, load_default=DEFAULT_LIMIT)
    cursor = Text(
        longest=1000, metadata={"pattern": "^[A-Za-z0-9_.-]+$", "description": "`nextCursor` of the page before."}
    )


class SchedulesQuery(PageQuery):
    """Which schedules."""

    payer_id = PartyId(metadata=PAYER)


class SchedulePatchQuery(PayerQuery):
    """Whose schedule, and whether it is only said what would change."""

    dry_run = Flag(load_default=False, metadata={"description": "true: nothing is changed."})


class DatedQuery(PageQuery):
    """Which dated things; both dates are inclusive."""

    payer_id = PartyId(metadata=PAYER)
    schedule_id = Id()
    first_date = Day(data_key="from")
    last_date = Day(data_key="to")

    @validates_schema
    def check_order(self, fields: dict[str, Any], **_: Any) -> None:
        """A window that ends before it begins is a slip, not an empty answer."""
        first, last = fields.get("first_date"), fields.get("last_date")
        if first is not None and last is not None and last < first:
            raise ValidationError("lies before from", "to")


class EventsQuery(DatedQuery):
    """Which events."""

    statuses = List(Choice(*EventStatus), data_key="status", load_default=[], metadata={"description": "May repeat."})


class ReadHeaders(QuerySchema):
    """A version that the caller has already."""

    class Meta:
        unknown = EXCLUDE

    if_none_match = String(data_key="If-None-Match", metadata={"description": "Answered 304 while it is the ETag."})


class ChangeHeaders(QuerySchema):
    """The version that the caller means to change."""

    class Meta:
        unknown = EXCLUDE

    if_match = String(
        data_key="If-Match",
        metadata={"description": "The ETag that was read; refused (412) when it is another now."},
    )


class EditHeaders(ChangeHeaders):
    """The same, for a change that must not be made blindly."""

    if_match = String(data_key="If-Match", required=True, metadata={"description": "The ETag that was read."})


class CommandHeaders(QuerySchema):
    """What makes it safe to repeat a POST."""

    class Meta:
        unknown = EXCLUDE

    idempotency_key = VisibleAscii(
        longest=255,
        required=True,
        data_key="Idempotency-Key",
        metadata={"description": "One for each thing that is meant; kept for 7 days."},
    )
