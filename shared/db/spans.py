"""The events of a batch: a range of ids under one date, or a list of them."""

from __future__ import annotations

from datetime import date
from typing import Any, NamedTuple
from uuid import UUID


class Span(NamedTuple):
    """Where a batch's events stand; with `ids` only those, else all from `first_id` to `last_id`."""

    date: date
    first_id: UUID
    last_id: UUID
    ids: list[UUID] | None

    @property
    def condition(self) -> str:
        """Bounds a statement on `event` by its primary key, so that no plan needs a join."""
        if self.ids is not None:
            return "date = :date AND id = ANY(CAST(:ids AS uuid[]))"
        return "date = :date AND id BETWEEN :first_id AND :last_id"

    @property
    def is_one(self) -> bool:
        """Whether it is the list of one event."""
        return self.ids is not None and len(self.ids) == 1

    @property
    def parameters(self) -> dict[str, Any]:
        """What `condition` names."""
        if self.ids is not None:
            return {"date": self.date, "ids": self.ids}
        return {"date": self.date, "first_id": self.first_id, "last_id": self.last_id}
