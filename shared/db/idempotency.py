"""A caller's Idempotency-Key: one effect, whatever is repeated, and the same answer each time.

The key's row is written in the transaction of its effect. A lock of that transaction keeps a second request with
the key out while the first runs, so no row ever says "in progress" and a crash leaves nothing behind.
"""

from __future__ import annotations

import hashlib
import json
from datetime import timedelta
from typing import Any, Final, NamedTuple

from sqlalchemy import bindparam, text

from shared.db import clock
from shared.db.engine import Session
from shared.db.models import IdempotencyKey
from shared.db.touched import touch, touched
from shared.domain.errors import Conflict, DomainError

KEPT: Final = timedelta(days=7)
PURGED_AT_ONCE: Final = 10_000

# Sent together, and yet two statements: the second sees all that was committed before the first had its lock. One
# statement that locks and looks would look at what was there before it waited for nobody, and miss a first answer.
ENTER = text("""
SELECT set_config('payday.entered', CAST(pg_try_advisory_xact_lock(:number) AS text), true);
SELECT current_setting('payday.entered') = 'true' AS entered, clock_timestamp() AS now, found.*
FROM (SELECT) AS always LEFT JOIN (
  SELECT fingerprint, response_status, response_headers, response_body, touched FROM idempotency_key
  WHERE caller = :caller AND operation = :operation AND key = :key) AS found ON true
""")

INSERT = text("""
INSERT INTO idempotency_key (caller, operation, key, fingerprint, response_status, response_headers, response_body,
  touched)
VALUES (:caller, :operation, :key, :fingerprint, :response_status, :response_headers, :response_body,
  CAST(:touched AS text[]))
""").bindparams(bindparam("response_headers", type_=IdempotencyKey.__table__.c.response_headers.type))

PURGE = text("""
DELETE FROM idempotency_key WHERE (caller, operation, key) IN (
  SELECT caller, operation, key FROM idempotency_key WHERE created_at < now() - :age
  ORDER BY created_at LIMIT :limit FOR UPDATE SKIP LOCKED)
""")


class InFlight(Conflict):
    """The first request with this key has not been answered yet."""

    code = "idempotency_in_flight"


class KeyReused(DomainError):
    """The key stands for another request of this caller."""

    code = "idempotency_key_reused"


class Scope(NamedTuple):
    """What a key belongs to: the caller, and the method and full path of the call."""

    caller: str
    operation: str
    key: str


class StoredAnswer(NamedTuple):
    """What the first request was answered; the body is JSON text."""

    status: int
    headers: dict[str, Any]
    body: str


def enter(session: Session, scope: Scope, fingerprint: str) -> StoredAnswer | None:
    """The answer to be repeated, or None: go on, the key is this transaction's until it ends.

    Comes before any other lock. Raises InFlight, and KeyReused for a body with another fingerprint.
    """
    row = session.execute(ENTER, {"number": _lock_number(scope), **scope._asdict()}).one()
    if not row.entered:
        raise InFlight("A request with this Idempotency-Key is still being answered.")
    clock.note(session, row.now)
    if row.fingerprint is None:
        return None
    # Also where it is refused: whoever answered first may have died before it told of the change.
    touch(session, row.touched)
    if row.fingerprint != fingerprint:
        raise KeyReused("This Idempotency-Key was used for another request.")
    return StoredAnswer(row.response_status, row.response_headers, row.response_body)


def keep(session: Session, scope: Scope, fingerprint: str, answer: StoredAnswer) -> None:
    """Stores the answer to a request that had an effect."""
    session.execute(
        INSERT,
        {
            **scope._asdict(),
            "fingerprint": fingerprint,
            "response_status": answer.status,
            "response_headers": answer.headers,
            "response_body": answer.body,
            "touched": sorted(touched(session)),
        },
    )


def purge(session: Session, older_than: timedelta = KEPT, limit: int = PURGED_AT_ONCE) -> int:
    """Removes at most `limit` keys older than that, oldest first; answers how many."""
    result = session.connection().execute(PURGE, {"age": older_than, "limit": limit})
    return result.rowcount


def _lock_number(scope: Scope) -> int:
    """64 bits of a hash. Two keys that share a number only make each other wait."""
    digest = hashlib.sha256(json.dumps(scope).encode()).digest()
    return int.from_bytes(digest[:8], "big", signed=True)
