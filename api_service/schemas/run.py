"""A run and its books as they are answered."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from marshmallow.fields import Boolean, Dict, Integer, List, Nested, String

from api_service.schemas.base import CamelSchema
from api_service.schemas.reading import Day, Text
from api_service.schemas.writing import WRITTEN_AMOUNT, AnswerSchema, Instant, cursor_of_next
from shared.db.models import Run
from shared.domain.books import Books, Heading, Tally
from shared.domain.money import format_amount


class ReasonBody(CamelSchema):
    """Why a run is paused, resumed, or closed before its time."""

    reason = Text(longest=200, required=True)


class TallySchema(AnswerSchema):
    """A number of events, and their sums by currency."""

    count = Integer(metadata={"minimum": 0})
    amounts = Dict(keys=String(), values=String(metadata=WRITTEN_AMOUNT), metadata={"example": {"GBP": "1250.00"}})


class RunSchema(AnswerSchema):
    """One business date: what it took on and what became of it."""

    date = Day()
    status = String(metadata={"enum": ["planning", "open", "paused", "closed"]})
    due = Nested(TallySchema)
    paid = Nested(TallySchema)
    declined = Nested(TallySchema)
    # A schema has an attribute `unknown` of its own.
    unclear = Nested(TallySchema, data_key="unknown", attribute="unknown")
    withdrawn = Nested(TallySchema)
    carried = Nested(TallySchema)
    missed = Nested(TallySchema)
    adjusted = Nested(TallySchema)
    waiting = Nested(TallySchema)
    in_flight = Nested(TallySchema)
    balanced = Boolean()
    opened_at = Instant(allow_none=True)
    closing_at = Instant(allow_none=True, metadata={"description": "From then on nothing of it is sent."})
    closed_at = Instant(allow_none=True)
    reason = String(allow_none=True, metadata={"description": "Why it was last paused, resumed or told to close."})


class RunPageSchema(AnswerSchema):
    """A page of runs, newest first."""

    data = List(Nested(RunSchema))
    next_cursor = cursor_of_next()


def present_run(run: Run, books: Books) -> Mapping[str, Any]:
    """What `RunSchema` writes."""
    return {
        "date": run.date,
        "status": run.status,
        **{str(heading): _tally(books.tallies[heading]) for heading in Heading},
        "waiting": _tally(books.waiting),
        "balanced": books.balanced and run.off is None,
        "opened_at": run.opened_at,
        "closing_at": run.closing_at,
        "closed_at": run.closed_at,
        "reason": run.reason,
    }


def _tally(tally: Tally) -> Mapping[str, Any]:
    amounts = {currency: format_amount(minor, currency) for currency, minor in tally.nonzero_amounts().items()}
    return {"count": tally.count, "amounts": amounts}
