"""Sealing: rows of the audit that have committed are put at the end of the chain, whatever order they committed in.

What waits for its seal stands on a list (`audit_waiting`), written by a trigger with the row itself and taken off with
the seal. So no watermark can run past a transaction that commits late, and what it costs depends on what waits, not on
how long the audit is, nor on how long another transaction lasts.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from sqlalchemy import text

from shared.db import audit_rows
from shared.db.engine import Session
from shared.domain.sealing import Seal, seal

# One sealer at a time; the lock ends with the transaction, as it must behind a pooler. Two chains could not be stored
# anyway: a position is there once.
TURN = text("SELECT pg_try_advisory_xact_lock(7061796461790003)")

# A sealer that stands still loses its turn soon enough for another one to be in time.
PATIENCE: Final = ("idle_in_transaction_session_timeout", "statement_timeout")
PATIENCE_SECONDS: Final = 15

NOW = text("SELECT t, CAST(extract(epoch FROM t) AS text) FROM clock_timestamp() AS t")
LISTED = text("""
SELECT audit_id FROM audit_waiting WHERE :after IS NULL OR audit_id > CAST(:after AS bigint)
ORDER BY audit_id LIMIT :most
""")
SEALED = text("SELECT audit_id FROM audit_seal WHERE audit_id = ANY(CAST(:ids AS bigint[]))")
ADD = text("""
INSERT INTO audit_seal (position, audit_id, hash, sealed_at)
SELECT place, id, decode(hash, 'hex'), :sealed_at
FROM unnest(CAST(:places AS bigint[]), CAST(:ids AS bigint[]), CAST(:hashes AS text[])) AS link (place, id, hash)
""")
STRIKE = text("DELETE FROM audit_waiting WHERE audit_id = ANY(:ids)")


class Sealed(NamedTuple):
    """What one step did: how many rows it sealed, the end of the chain since, and the last id it looked at (None:
    there is no row beyond where it began, which was below every id).

    `behind_seconds`: for how long the oldest of them had waited since its transaction began. `whole`: nothing waits
    beyond `last_id`.
    """

    added: int
    head: Seal | None
    last_id: int | None
    behind_seconds: float
    whole: bool


def seal_some(session: Session, *, after: int | None, most: int) -> Sealed | None:
    """Seals up to `most` rows that wait, with ids beyond `after` (None: all); answers None if another is at it.

    A row that waits and is not there stays on the list, where `payday audit verify` finds it.
    """
    for name in PATIENCE:
        session.execute(text(f"SET LOCAL {name} = '{PATIENCE_SECONDS}s'"))
    if not session.scalar(TURN):
        return None
    # Only now, with the turn, does a statement see all that the sealer before did.
    last = audit_rows.head(session)
    listed = list(session.scalars(LISTED, {"after": after, "most": most}))
    if not listed:
        return Sealed(0, last, after, 0.0, True)
    added, oldest = _links(session, last, listed)
    return Sealed(len(added), added[-1] if added else last, listed[-1], oldest, len(listed) < most)


def _links(session: Session, last: Seal | None, listed: list[int]) -> tuple[list[Seal], float]:
    """Adds the links of what is listed, and strikes it off; how long the oldest of them waited."""
    found = audit_rows.rows(session, listed)
    # A copy that was restored in parts may list rows that have their seals.
    sealed = set(session.scalars(SEALED, {"ids": listed}))
    sealed_at, written = session.execute(NOW).one()
    added: list[Seal] = []
    for audit_id in listed:
        if audit_id in found and audit_id not in sealed:
            last = seal(last, found[audit_id], written)
            added.append(last)
    places, ids = [link.position for link in added], [link.audit_id for link in added]
    hashes = [link.hash.hex() for link in added]
    session.execute(ADD, {"places": places, "ids": ids, "hashes": hashes, "sealed_at": sealed_at})
    session.execute(STRIKE, {"ids": [*found]})
    oldest = min((float(found[link.audit_id].at) for link in added), default=float(written))
    return added, float(written) - oldest
