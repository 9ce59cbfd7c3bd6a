"""Settling a part: one statement moves its events, writes the transactions and the books (rules C2, C7, D6)."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from shared.db.parts import Claim
from shared.domain.retries import NO_DECLINE, QUARANTINED
from shared.ids import new_ids

RESOLVE_FIRST_SECONDS = 10
"""How soon the resolver looks at what stayed unknown (rule K4)."""


class Verdict(NamedTuple):
    """What a claimed event becomes, with what the provider said.

    `paid` with the provider's reference as `note`, `failed` with `code` and whether the decline is `soft`, `unknown`
    with the reason as `note` and whether it may be sent again (rule K8).
    """

    status: str
    code: str | None = None
    note: str | None = None
    resend: bool = True
    soft: bool = False


@dataclass(frozen=True, slots=True)
class RetryDays:
    """By event id, the days on which declined events are tried again (rule S11), and from when on first declined.

    `opens_at`: when a retry on the day of the decline itself may begin.
    """

    days: Mapping[str, date] = field(default_factory=dict)
    first_on: Mapping[str, date] = field(default_factory=dict)
    opens_at: datetime | None = None


NO_RETRIES: Final = RetryDays()

# Nothing is joined: with a join to the outcomes the planner expects one row and compares 1000 x 1000. The event is
# bounded by its key, the outcomes are looked up in one jsonb value, and the batch's row is the fence.
SETTLE = """
WITH fence AS MATERIALIZED (
  SELECT run_date FROM batch WHERE id = :batch AND epoch = :epoch AND status = 'claimed' FOR UPDATE),
m AS MATERIALIZED (SELECT CAST(:verdicts AS jsonb) AS m),
r AS MATERIALIZED (SELECT CAST(:retries AS jsonb) AS r),
moved AS (
  UPDATE event e SET
    status = (SELECT m FROM m) -> (e.id::text) ->> 0,
    failure_code = (SELECT m FROM m) -> (e.id::text) ->> 1,
    transaction_id = CAST((SELECT m FROM m) -> (e.id::text) ->> 4 AS uuid),
    retry_on = CAST((SELECT r FROM r) -> (e.id::text) ->> 0 AS date),
    first_declined_on = coalesce(e.first_declined_on, CAST((SELECT r FROM r) -> (e.id::text) ->> 1 AS date)),
    settled_at = clock_timestamp(),{unsent}
    version = version + 1
  WHERE {within} AND e.status = 'processing' AND e.batch_id = :batch
    AND (SELECT m FROM m) ? (e.id::text) AND EXISTS (SELECT FROM fence)
  RETURNING e.id, e.date, e.schedule_id, e.payer_id, e.payee_id, e.amount, e.currency, e.status, e.attempt,
    e.first_sent_at, e.transaction_id, e.failure_code, e.retry_on),
paid AS (
  INSERT INTO transaction
    (date, id, event_id, event_date, schedule_id, payer_id, payee_id, amount, currency, provider_ref)
  SELECT (SELECT run_date FROM fence), transaction_id, id, date, schedule_id, payer_id, payee_id, amount, currency,
    (SELECT m FROM m) -> (id::text) ->> 2
  FROM moved WHERE status = 'paid'),
doubts AS (
  INSERT INTO attempt AS a (event_id, number, event_date, provider, reason, resend, run_date, batch_id,
    first_sent_at, last_sent_at, next_at)
  SELECT id, attempt, date, :provider, (SELECT m FROM m) -> (id::text) ->> 2,
    CAST((SELECT m FROM m) -> (id::text) ->> 3 AS boolean), (SELECT run_date FROM fence), :batch,
    first_sent_at, clock_timestamp(), clock_timestamp() + make_interval(secs => :resolve_first)
  FROM moved WHERE status = 'unknown'
  ON CONFLICT (event_id, number) DO UPDATE SET state = 'open', last_sent_at = excluded.last_sent_at,
    next_at = excluded.next_at, resend = a.resend AND excluded.resend),
{declines}
counted AS (
  SELECT CASE WHEN status <> 'failed' THEN status WHEN retry_on = (SELECT run_date FROM fence) THEN NULL
    ELSE 'declined' END AS heading, currency, count(*) AS n, sum(amount) AS amount
  FROM moved GROUP BY 1, currency),
booked AS (
  INSERT INTO booking (run_date, batch_id, heading, currency, count, amount)
  SELECT (SELECT run_date FROM fence), :batch, heading, currency, n, amount FROM counted WHERE heading IS NOT NULL
  UNION ALL
  SELECT (SELECT run_date FROM fence), :batch, 'in_flight', currency, -sum(n), -sum(amount) FROM counted
  GROUP BY currency)
SELECT coalesce(sum(n), 0)::bigint FROM counted
"""

# What could not be written was never sent: its key is kept for another try (rule K5).
UNSENT = f"""
    first_sent_at = CASE (SELECT m FROM m) -> (e.id::text) ->> 1
      WHEN '{QUARANTINED}' THEN NULL ELSE e.first_sent_at END,"""

# A retry's batch is written where its day is set, whatever day it is (rule D4), and that day's run has it due; on
# this day it simply waits again. A final decline is left to whoever looks whether its schedule is to be suspended.
DECLINES = """
waiting AS (
  INSERT INTO batch (run_date, date, first_id, last_id, retry, opens_at)
  SELECT retry_on, date, CAST(min(id::text) AS uuid), CAST(max(id::text) AS uuid), true,
    CASE WHEN retry_on = (SELECT run_date FROM fence) THEN CAST(:opens_at AS timestamptz) END
  FROM moved WHERE status = 'failed' AND retry_on IS NOT NULL GROUP BY retry_on, date),
due AS (
  INSERT INTO booking (run_date, heading, currency, count, amount, original_date)
  SELECT retry_on, 'due', currency, count(*), sum(amount), date FROM moved
  WHERE status = 'failed' AND retry_on <> (SELECT run_date FROM fence) GROUP BY retry_on, currency, date),
final AS (
  INSERT INTO final_decline (schedule_id, event_id, code)
  SELECT schedule_id, id, failure_code FROM moved
  WHERE status = 'failed' AND retry_on IS NULL AND failure_code <> ALL(CAST(:no_decline AS text[]))),
"""


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
    failed = any(verdict.status == "failed" for verdict in verdicts.values())
    never_sent = any(verdict.code == QUARANTINED for verdict in verdicts.values())
    statement = SETTLE.format(
        within=claim.span.condition, declines=DECLINES if failed else "", unsent=UNSENT if never_sent else ""
    )
    values: dict[str, Any] = {
        "batch": claim.batch_id,
        "epoch": claim.epoch,
        "verdicts": json.dumps(_documents(claim, verdicts)),
        "retries": json.dumps(_retries(claim, verdicts, retries)),
        "provider": provider,
        "resolve_first": RESOLVE_FIRST_SECONDS,
        **claim.span.parameters,
    }
    if failed:
        values |= {"opens_at": retries.opens_at, "no_decline": sorted(NO_DECLINE)}
    return int(session.execute(text(statement), values).scalar_one())


def _documents(claim: Claim, verdicts: Mapping[str, Verdict]) -> dict[str, list[object]]:
    """Each event's [status, code, note, resend, transaction]; what stays unknown keeps the code of its decline."""
    ids = iter(new_ids(len(verdicts)))
    codes = {event.id: event.failure_code for event in _again(claim)}
    return {
        event_id: [
            verdict.status,
            codes.get(event_id) if verdict.status == "unknown" else verdict.code,
            verdict.note,
            verdict.resend,
            _transaction_id(verdict, ids),
        ]
        for event_id, verdict in verdicts.items()
    }


def _retries(claim: Claim, verdicts: Mapping[str, Verdict], retries: RetryDays) -> dict[str, list[str | None]]:
    """Each event's [retry day, day of the first decline]; what stays unknown keeps the day it is tried again on."""
    found = {
        event_id: [str(retries.days[event_id]) if event_id in retries.days else None, str(first_on)]
        for event_id, first_on in retries.first_on.items()
    }
    for event in _again(claim):
        if event.id in verdicts and verdicts[event.id].status == "unknown":
            found[event.id] = [str(event.retry_on), None]
    return found


def _again(claim: Claim) -> Iterator[Any]:
    """What is tried again after a decline; nothing, but in a batch of retries."""
    if claim.retry:
        yield from (event for event in [*claim.fresh, *claim.doubtful] if event.retry_on is not None)


def _transaction_id(verdict: Verdict, ids: Iterator[UUID]) -> str | None:
    return str(next(ids)) if verdict.status == "paid" else None
