"""Settling a batch: one statement moves its events, writes the transactions and the books (rules C2, C7, D6)."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from shared.db.claims import Claim
from shared.ids import new_ids

RESOLVE_FIRST_SECONDS = 10
"""How soon the resolver looks at what stayed unknown (rule K4)."""


class Verdict(NamedTuple):
    """What a claimed event becomes, with what the provider said.

    `paid` with the provider's reference as `note`, `failed` with `code`, `unknown` with the reason as `note` and
    whether it may be sent again (rule K8).
    """

    status: str
    code: str | None = None
    note: str | None = None
    resend: bool = True


# Nothing is joined: with a join to the outcomes the planner expects one row and compares 1000 x 1000. The event is
# bounded by its key, the outcomes are looked up in one jsonb value, and the batch's row is the fence.
SETTLE = """
WITH fence AS MATERIALIZED (
  SELECT run_date FROM batch WHERE id = :batch AND epoch = :epoch AND status = 'claimed' FOR UPDATE),
m AS MATERIALIZED (SELECT CAST(:verdicts AS jsonb) AS m),
moved AS (
  UPDATE event e SET
    status = (SELECT m FROM m) -> (e.id::text) ->> 0,
    failure_code = (SELECT m FROM m) -> (e.id::text) ->> 1,
    transaction_id = CAST((SELECT m FROM m) -> (e.id::text) ->> 4 AS uuid),
    version = version + 1
  WHERE {within} AND e.status = 'processing' AND e.batch_id = :batch
    AND (SELECT m FROM m) ? (e.id::text) AND EXISTS (SELECT FROM fence)
  RETURNING e.id, e.date, e.schedule_id, e.payer_id, e.payee_id, e.amount, e.currency, e.status, e.attempt,
    e.first_sent_at, e.transaction_id),
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
counted AS (SELECT status, currency, count(*) AS n, sum(amount) AS amount FROM moved GROUP BY status, currency),
booked AS (
  INSERT INTO booking (run_date, batch_id, heading, currency, count, amount)
  SELECT (SELECT run_date FROM fence), :batch, CASE status WHEN 'failed' THEN 'declined' ELSE status END, currency,
    n, amount FROM counted
  UNION ALL
  SELECT (SELECT run_date FROM fence), :batch, 'in_flight', currency, -sum(n), -sum(amount) FROM counted
  GROUP BY currency)
SELECT coalesce(sum(n), 0)::bigint FROM counted
"""


def settle(session: Session, claim: Claim, verdicts: Mapping[str, Verdict], *, provider: str) -> int:
    """Applies the verdicts (by event id) to what this batch still holds; answers how many events moved.

    Fewer than given means that another proof came first for the rest (rule K9): the caller looks at them. An
    unknown event gets its attempt row, where the resolver finds it and its reason.
    """
    if not verdicts:
        return 0
    ids = iter(new_ids(len(verdicts)))
    documents = {event_id: [*verdict, _transaction_id(verdict, ids)] for event_id, verdict in verdicts.items()}
    return int(
        session.execute(
            text(SETTLE.format(within=claim.span.condition)),
            {
                "batch": claim.batch_id,
                "epoch": claim.epoch,
                "verdicts": json.dumps(documents),
                "provider": provider,
                "resolve_first": RESOLVE_FIRST_SECONDS,
                **claim.span.parameters,
            },
        ).scalar_one()
    )


def _transaction_id(verdict: Verdict, ids: Iterator[UUID]) -> str | None:
    return str(next(ids)) if verdict.status == "paid" else None
