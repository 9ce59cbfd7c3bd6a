"""An event as it stands after a command, as the answer that a repetition gets again."""

from __future__ import annotations

from api_service.conditional import json_text, tag
from api_service.schemas.event import EventSchema
from shared.db.idempotency import StoredAnswer
from shared.domain.entries import Entry


def stored_event(entry: Entry) -> StoredAnswer:
    """200 with the event and its tag."""
    return StoredAnswer(200, {"ETag": f'"{tag(entry.version)}"'}, json_text(EventSchema().dump(entry)))
