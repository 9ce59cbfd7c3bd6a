"""An audit to seal, to verify and to tamper with: real rows on a real database."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from shared.db import audit
from shared.db.audit import Act
from shared.db.retrying import transact
from shared.domain.chain import Fault, Head
from shared.domain.sealing import Seal
from shared.settings import read_settings
from shared.verification import Verdict, verify
from worker_service.seal import Sealer
from worker_service.service import Service

T = TypeVar("T")

WRITE = text("""
INSERT INTO audit (actor, payer_id, action, subject, subject_id, before, after, request_id)
SELECT 'alice', 'payer-' || n, 'event.updated', 'event', n, jsonb_build_object('amount', n, 'version', 1),
  jsonb_build_object('amount', n + 1, 'version', 2, 'reference', 'Miete – März'), 'req-' || n
FROM generate_series(1, :count) AS n
""")
OPEN = """
GRANT UPDATE, DELETE, TRUNCATE ON audit, audit_seal TO CURRENT_USER;
ALTER TABLE audit DISABLE TRIGGER ALL; ALTER TABLE audit_seal DISABLE TRIGGER ALL;
"""
SHUT = """
ALTER TABLE audit ENABLE TRIGGER ALL; ALTER TABLE audit_seal ENABLE TRIGGER ALL;
REVOKE UPDATE, DELETE, TRUNCATE ON audit, audit_seal FROM CURRENT_USER;
"""


class Ledger:
    """The audit of one database, with one process that seals it."""

    def __init__(self, database_url: str) -> None:
        self.settings = read_settings({"DATABASE_URL": database_url})
        self.service = Service.connect(self.settings)
        self.sealer = Sealer(self.service)

    def write(self, count: int = 1) -> None:
        """So many rows, in one transaction."""
        self.transact(lambda session: session.execute(WRITE, {"count": count}))

    def seal(self) -> int:
        return self.sealer.seal_due()

    def verify(self, heads: Iterable[Head] = ()) -> Verdict:
        return verify(self.service.sessions, heads, lambda _count: None)

    def fault(self, heads: Iterable[Head] = ()) -> Fault:
        """What must be found."""
        found = self.verify(heads).fault
        assert found is not None
        return found

    def assert_sound(self, links: int) -> Seal:
        """The chain is whole and has so many links; its end."""
        verdict = self.verify()
        assert verdict.fault is None
        assert verdict.checked == links
        assert verdict.last is not None
        return verdict.last

    def head(self) -> Head:
        last = self.verify().last
        assert last is not None
        return Head(last.position, last.hash)

    def tamper(self, statement: str, **parameters: object) -> None:
        """What nobody may do, by somebody who owns the tables and takes their guard away for a moment."""

        def work(session: Session) -> None:
            session.execute(text(OPEN))
            session.execute(text(statement), parameters)
            session.execute(text(SHUT))

        self.transact(work)

    def rows(self, statement: str, **parameters: object) -> list[Row[Any]]:
        def work(session: Session) -> list[Row[Any]]:
            result = session.execute(text(statement), parameters)
            return list(result) if result.returns_rows else []  # type: ignore[attr-defined]

        return self.transact(work)

    def transact(self, work: Callable[[Session], T]) -> T:
        return transact(self.service.sessions, work)

    def close(self) -> None:
        self.service.close()


def act(session: Session, number: int = 1) -> None:
    """One row, written as the product does."""
    audit.record(
        session,
        Act("alice", f"req-{number}"),
        "event.updated",
        subject="event",
        subject_id=number,
        payer_id="alice",
        before={"amount": number},
        after={"amount": number + 1},
    )
