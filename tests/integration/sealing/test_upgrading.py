"""An audit that is older than its chain: what is in it waits from the upgrade on, and is sealed like the rest."""

from __future__ import annotations

from shared.db import audit_rows, migrate
from tests.integration.sealing.ledger import Ledger

BEFORE_THE_CHAIN = "0005"
OLD = """
INSERT INTO audit (at, actor, action, subject, subject_id)
SELECT now() - n * interval '1 day', 'alice', 'event.updated', 'event', n FROM generate_series(1, 3) AS n
"""


def test_an_upgrade_of_an_old_audit_raises_no_alarm(database_url: str) -> None:
    migrate.downgrade(database_url, BEFORE_THE_CHAIN)
    ledger = Ledger(database_url)
    try:
        ledger.rows(OLD)
        migrate.upgrade(database_url)
        verdict = ledger.verify()
        assert (verdict.fault, verdict.waiting) == (None, 3)
        assert not ledger.transact(audit_rows.waiting).is_late
        assert ledger.seal() == 3
        ledger.assert_sound(3)
    finally:
        ledger.close()
