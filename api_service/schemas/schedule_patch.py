"""The body of a schedule's change: only what is to be other, and from when."""

from __future__ import annotations

from typing import Any, Final

from marshmallow import ValidationError, missing

from api_service.schemas.reading import Choice, Day, Read
from api_service.schemas.schedule_body import ScheduleBody
from shared.domain.edits import Overridden

RESETTABLE: Final = ("interval", "month_end", "day_convention", "pay_late")
"""Fields that null brings back to their default."""


class Fixed(Read[Any]):
    """A field that never changes (rule S7)."""

    def __init__(self) -> None:
        super().__init__(metadata={"type": "string", "readOnly": True, "description": "Cannot be changed."}, extra={})

    def deserialize(self, value: Any, attr: str | None = None, data: Any = None, **_: Any) -> Any:
        """Raises ValidationError for any value: null too asks for a change."""
        if value is missing:
            return super().deserialize(value, attr, data)
        raise ValidationError("cannot be changed; cancel this schedule and make another")


class SchedulePatch(ScheduleBody):
    """What is to be other; null takes a field away. What is left out stays."""

    payer_id = Fixed()  # type: ignore[assignment]
    currency = Fixed()  # type: ignore[assignment]
    from_date = Day(
        data_key="from", metadata={"description": "The nominal date from which it holds; all open events without it."}
    )
    overridden = Choice(
        *Overridden,
        metadata={
            "description": "What becomes of events that were edited one by one. A new rule cancels them unless keep;"
            " another amount, payee or reference leaves them unless replace."
        },
    )

    def __init__(self) -> None:
        super().__init__(partial=True)
        for field in self.fields.values():
            field.load_default = missing  # what is left out stays, and has no default to tell of
        for name in RESETTABLE:
            field = self.fields[name]
            field.allow_none = True
            if "enum" in field.metadata:
                field.metadata = {**field.metadata, "enum": [*field.metadata["enum"], None]}
