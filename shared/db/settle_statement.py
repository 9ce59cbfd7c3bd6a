"""The settlement's statement, put together from what its verdicts need."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from sqlalchemy import TextClause, text

from shared.db.outbox import facts_of
from shared.db.verdicts import Verdict
from shared.domain.notices import NoticeType
from shared.domain.retries import QUARANTINED

# Nothing is joined: with a join to the outcomes the planner expects one row and compares 1000 x 1000. The event is
# bounded by its key, what became of it is looked up by its id, and the batch's row is the fence.
SETTLE = """
WITH fence AS MATERIALIZED (
  SELECT run_date FROM batch WHERE id = :batch AND epoch = :epoch AND status = 'claimed' FOR UPDATE),
{moves}
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

# What was paid, nearly always all of it, stands in arrays in the order of the ids: the place of an event's own id in
# them is found by halving, and costs half of what an object in JSON does.
PAID = """
p AS MATERIALIZED (SELECT CAST(:paid AS uuid[]) AS ids, CAST(:transactions AS uuid[]) AS transactions,
  CAST(:references AS jsonb) AS refs),
settled AS (
  UPDATE event e SET status = 'paid', failure_code = NULL, retry_on = NULL, settled_at = clock_timestamp(),
    version = version + 1,
    transaction_id = ((SELECT transactions FROM p))[width_bucket(e.id, (SELECT ids FROM p))]
  WHERE {within} AND e.status = 'processing' AND e.batch_id = :batch
    AND ((SELECT ids FROM p))[width_bucket(e.id, (SELECT ids FROM p))] = e.id AND EXISTS (SELECT FROM fence)
  RETURNING e.id, e.date, e.schedule_id, e.payer_id, e.payee_id, e.amount, e.currency, e.status, e.retry_on,
    e.transaction_id),
paid AS (
  INSERT INTO transaction
    (date, id, event_id, event_date, schedule_id, payer_id, payee_id, amount, currency, provider_ref)
  SELECT (SELECT run_date FROM fence), transaction_id, id, date, schedule_id, payer_id, payee_id, amount, currency,
    (SELECT refs FROM p) ->> (width_bucket(id, (SELECT ids FROM p)) - 1)
  FROM settled),
"""

OTHERS = """
m AS MATERIALIZED (SELECT CAST(:others AS jsonb) AS m),
others AS (
  UPDATE event e SET
    status = (SELECT m FROM m) -> (e.id::text) ->> 0,
    failure_code = (SELECT m FROM m) -> (e.id::text) ->> 1,
    retry_on = CAST((SELECT m FROM m) -> (e.id::text) ->> 4 AS date),
    first_declined_on = coalesce(e.first_declined_on, CAST((SELECT m FROM m) -> (e.id::text) ->> 5 AS date)),
    settled_at = clock_timestamp(),{unsent}
    version = version + 1
  WHERE {within} AND e.status = 'processing' AND e.batch_id = :batch
    AND (SELECT m FROM m) ? (e.id::text) AND EXISTS (SELECT FROM fence)
  RETURNING e.id, e.date, e.schedule_id, e.amount, e.currency, e.status, e.attempt, e.first_sent_at, e.failure_code,
    e.retry_on,{worded}
    (SELECT m FROM m) -> (e.id::text) ->> 2 AS note,
    CAST((SELECT m FROM m) -> (e.id::text) ->> 3 AS boolean) AS resend),
"""

# What could not be written was never sent: its key is kept for another try (rule K5).
UNSENT = f"""
    first_sent_at = CASE (SELECT m FROM m) -> (e.id::text) ->> 1
      WHEN '{QUARANTINED}' THEN NULL ELSE e.first_sent_at END,"""

DOUBTS = """
doubts AS (
  INSERT INTO attempt AS a (event_id, number, event_date, provider, reason, resend, run_date, batch_id,
    first_sent_at, last_sent_at, next_at)
  SELECT id, attempt, date, :provider, note, resend, (SELECT run_date FROM fence), :batch,
    first_sent_at, clock_timestamp(), clock_timestamp() + make_interval(secs => :resolve_first)
  FROM others WHERE status = 'unknown'
  ON CONFLICT (event_id, number) DO UPDATE SET state = 'open', last_sent_at = excluded.last_sent_at,
    next_at = excluded.next_at, resend = a.resend AND excluded.resend),
"""

# A retry's batch is written where its day is set, whatever day it is (rule D4), and that day's run has it due; on
# this day it simply waits again. A final decline is left to whoever looks whether its schedule is to be suspended.
DECLINES = """
waiting AS (
  INSERT INTO batch (run_date, date, first_id, last_id, retry, opens_at)
  SELECT retry_on, date, CAST(min(id::text) AS uuid), CAST(max(id::text) AS uuid), true,
    CASE WHEN retry_on = (SELECT run_date FROM fence) THEN CAST(:opens_at AS timestamptz) END
  FROM others WHERE status = 'failed' AND retry_on IS NOT NULL GROUP BY retry_on, date),
due AS (
  INSERT INTO booking (run_date, heading, currency, count, amount, original_date)
  SELECT retry_on, 'due', currency, count(*), sum(amount), date FROM others
  WHERE status = 'failed' AND retry_on <> (SELECT run_date FROM fence) GROUP BY retry_on, currency, date),
final AS (
  INSERT INTO final_decline (schedule_id, event_id, code)
  SELECT schedule_id, id, failure_code FROM others
  WHERE status = 'failed' AND retry_on IS NULL AND failure_code <> ALL(CAST(:no_decline AS text[]))),
"""

# What is told stands for the payments, and is worded when it is sent: a row for each would cost what paying it does.
# What did not move is left out then.
TELL_PAID = """
told AS (
  INSERT INTO outbox (kind, batch_id, date, first_id, last_id, ids)
  SELECT 'paid', :batch, :date, ids[1], ids[cardinality(ids)], CASE WHEN :listed THEN ids END FROM p
  WHERE EXISTS (SELECT FROM settled)),
"""
TELL_FAILED = f"""
told_failed AS ({facts_of("others", NoticeType.FAILED, "e.status = 'failed'")}),
"""
WORDED = "\n    e.payer_id, e.payee_id, e.reference, e.nominal_date, e.version,"


def settle_statement(within: str, paid: bool, others: Mapping[str, Verdict], *, tells: bool = False) -> TextClause:
    """For events `within` the batch's span: whether some were paid, what became of the others, and whether payers and
    payees are told."""
    statuses = {verdict.status for verdict in others.values()}
    never_sent = any(verdict.code == QUARANTINED for verdict in others.values())
    sources = [name for name, wanted in (("settled", paid), ("others", bool(others))) if wanted]
    moves = [PAID if paid else "", OTHERS if others else ""]
    moves += [DOUBTS if "unknown" in statuses else "", DECLINES if "failed" in statuses else ""]
    fails = tells and "failed" in statuses
    filled = "".join(moves).format(within=within, unsent=UNSENT if never_sent else "", worded=WORDED if fails else "")
    filled += "".join([TELL_PAID if tells and paid else "", TELL_FAILED if fails else ""])
    moved = " UNION ALL ".join(f"SELECT status, currency, amount, retry_on FROM {source}" for source in sources)
    return _prepared(SETTLE.format(moves=f"{filled}moved AS ({moved}),"))


_prepared = lru_cache(maxsize=32)(text)
"""Looking for the parameters in so long a text costs as much as fifty events."""
