"""A claim reads what is due first, however much waits, also where the server last saw the outbox empty."""

from __future__ import annotations

import pytest
from sqlalchemy.dialects import postgresql

from shared.db import outbox_claims
from tests.integration.notices.sending.outbox import execute, rows
from tests.world import World

MANY = """
INSERT INTO outbox (kind, batch_id, date, first_id, last_id)
SELECT 'paid', n, '2026-03-02', gen_random_uuid(), gen_random_uuid() FROM generate_series(1, 30000) AS n
"""


@pytest.mark.parametrize("analysed", [True, False])
def test_claims_walk_along_what_is_due(world: World, analysed: bool) -> None:
    execute(world, "ALTER TABLE outbox SET (autovacuum_enabled = off)")
    execute(world, "ANALYZE outbox")
    execute(world, MANY)
    if analysed:
        execute(world, "ANALYZE outbox")
    dialect = postgresql.dialect()  # type: ignore[no-untyped-call]
    oldest, fresh = (
        str(outbox_claims._oldest(60, which).compile(dialect=dialect, compile_kwargs={"literal_binds": True}))
        for which in ((), outbox_claims.FRESH_FACTS)
    )
    values = {"room": 400, "look_at": 500, "bytes": 1000, "lease": 60}
    for before, statement, index in (
        ("", oldest.replace(":", r"\:"), "outbox_waiting"),
        ("", fresh.replace(":", r"\:"), "outbox_fresh_facts"),
        (outbox_claims.WALK.text, outbox_claims.SMALL.text, "outbox_fresh_facts"),
    ):
        plan = "\n".join(row[0] for row in rows(world, f"{before}; EXPLAIN {statement}", **values))
        assert f"using {index} on outbox" in plan
        assert "Seq Scan on outbox" not in plan
