"""Settling a part: one statement moves its events, writes the transactions and the books (rules C2, C7, D6)."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy.orm import Session

from shared.db import outbox
from shared.db.arrays import array_literal
from shared.db.parts import Claim, ClaimedEvent
from shared.db.settle_statement import settle_statement
from shared.db.verdicts import NO_RETRIES, RetryDays, Verdict
from shared.domain.retries import NO_DECLINE
from shared.ids import new_id_texts

RESOLVE_FIRST_SECONDS = 10
"""How soon the resolver looks at what stayed unknown (rule K4)."""


def settle(
    session: Session,
    claim: Claim,
    verdicts: Mapping[str, Verdict],
    *,
    provider: str,
    retries: RetryDays = NO_RETRIES,
) -> int:
    """Applies the verdicts (by event id) to what this batch still holds; answers how many events moved.

    Fewer than given means that another proof came first for the rest (rule K9): the caller looks at them. An
    unknown event gets its attempt row, where the resolver finds it and its reason.
    """
    if not verdicts:
        return 0
    paid = sorted((event_id, verdict) for event_id, verdict in verdicts.items() if verdict.status == "paid")
    others = {event_id: verdict for event_id, verdict in verdicts.items() if verdict.status != "paid"}
    values: dict[str, Any] = {
        "batch": claim.batch_id,
        "epoch": claim.epoch,
        "provider": provider,
        "resolve_first": RESOLVE_FIRST_SECONDS,
        **claim.span.parameters,
    }
    tells = outbox.tells(session)
    if paid:
        values |= _paid(paid)
    if paid and tells:
        values["listed"] = not _is_a_range(claim)
    if others:
        values |= _others(claim, others, retries)
    statement = settle_statement(claim.span.condition, bool(paid), others, tells=tells)
    return int(session.execute(statement, values).scalar_one())


def _is_a_range(claim: Claim) -> bool:
    """Whether what is paid of this part stands together, and nothing else that the batch paid among it: not so in what
    was carried, is tried again, or was taken before."""
    return claim.span.ids is None and not claim.retry and claim.run_date == claim.span.date and claim.epoch == 1


def _paid(paid: Sequence[tuple[str, Verdict]]) -> dict[str, Any]:
    """In the order of the ids: they, the ids of the transactions, the provider's references."""
    return {
        "paid": array_literal(event_id for event_id, _ in paid),
        "transactions": array_literal(new_id_texts(len(paid))),
        "references": json.dumps([verdict.note for _, verdict in paid]),
    }


def _others(claim: Claim, others: Mapping[str, Verdict], retries: RetryDays) -> dict[str, Any]:
    """By event: [status, code, note, resend, retry day, day of the first decline].

    What stays unknown keeps the code of its decline and the day it is tried again on.
    """
    again = {event.id: event for event in _again(claim)}
    documents: dict[str, list[object]] = {}
    for event_id, verdict in others.items():
        code, retry_on = verdict.code, retries.days.get(event_id)
        if verdict.status == "unknown":
            before = again.get(event_id)
            code, retry_on = (before.failure_code, before.retry_on) if before else (None, None)
        documents[event_id] = [
            verdict.status, code, verdict.note, verdict.resend, _day(retry_on), _day(retries.first_on.get(event_id))
        ]  # fmt: skip
    return {"others": json.dumps(documents), "opens_at": retries.opens_at, "no_decline": sorted(NO_DECLINE)}


def _again(claim: Claim) -> Iterator[ClaimedEvent]:
    """What is tried again after a decline; nothing, but in a batch of retries."""
    if claim.retry:
        yield from (event for event in [*claim.fresh, *claim.doubtful] if event.retry_on is not None)


def _day(day: date | None) -> str | None:
    return None if day is None else str(day)
