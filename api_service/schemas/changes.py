"""What a change of a schedule did to its events, as it is answered."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from marshmallow import post_dump
from marshmallow.fields import List, Nested

from api_service.schemas.event import EventSchema
from api_service.schemas.schedule import ScheduleSchema
from api_service.schemas.writing import AnswerSchema
from shared.domain.edits import Changes
from shared.domain.entries import Entry


class ChangedEventSchema(EventSchema):
    """An event; one that is not stored has no id."""

    def on_bind_field(self, field_name: str, field_obj: Any) -> None:
        super().on_bind_field(field_name, field_obj)
        field_obj.required = field_name != "id"

    @post_dump
    def without_id(self, written: dict[str, Any], **_: Any) -> dict[str, Any]:
        """Takes the id away where there is none."""
        if written.get("id") is None:
            written.pop("id", None)
        return written


class ChangesSchema(AnswerSchema):
    """Events as they stand after the change; kept are open ones that were left as they were."""

    updated = List(Nested(ChangedEventSchema))
    cancelled = List(Nested(ChangedEventSchema))
    created = List(Nested(ChangedEventSchema))
    kept = List(Nested(ChangedEventSchema))


class ChangedScheduleSchema(AnswerSchema):
    """A schedule after a change, and what the change did."""

    schedule = Nested(ScheduleSchema)
    changes = Nested(ChangesSchema)


def present_changes(changes: Changes) -> Mapping[str, list[Entry]]:
    """What `ChangesSchema` writes, each list by (date, nominal date)."""
    return {
        "updated": _by_date(after for _, after in changes.updated),
        "cancelled": _by_date(after for _, after in changes.cancelled),
        "created": _by_date(changes.created),
        "kept": _by_date(changes.kept),
    }


def _by_date(entries: Iterable[Entry]) -> list[Entry]:
    return sorted(entries, key=lambda entry: (entry.date, entry.nominal_date))
