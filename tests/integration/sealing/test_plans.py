"""What sealing costs does not grow with the audit: its statements walk keys, whatever the statistics say."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import TextClause, text

from shared.db import audit_chain, audit_rows
from tests.embedded import DatabaseServer
from tests.integration.sealing.ledger import Ledger

ROWS = 100_000
WAITING = 2_000
FILL = text("""
INSERT INTO audit (actor, payer_id, action, subject, subject_id, after)
SELECT 'alice', 'alice', 'event.updated', 'event', n, '{"amount": 2500}' FROM generate_series(1, :count) AS n
""")
SEAL = text("INSERT INTO audit_seal SELECT id, id, sha256('x'), now() FROM audit WHERE id <= :sealed")
STRIKE = text("DELETE FROM audit_waiting WHERE audit_id <= :sealed")
MARKS = {"analysed when it was empty": [], "analysed": [pytest.mark.all], "never analysed": [pytest.mark.all]}
# One process for all tests of one audit: the others would write it once more.
STATISTICS = [
    pytest.param(known, id=known, marks=[pytest.mark.xdist_group(f"audit, {known}"), *marks])
    for known, marks in MARKS.items()
]
TABLES = ("audit", "audit_seal", "audit_waiting")


@pytest.fixture(scope="module", params=STATISTICS)
def ledger(postgres_server: DatabaseServer, template_database: str, request: pytest.FixtureRequest) -> Iterator[Ledger]:
    """100,000 rows, of which the last 2,000 wait, with statistics as they can be."""
    name = postgres_server.create(template_database)
    ledger = Ledger(postgres_server.url(name))
    for table in TABLES:
        ledger.rows(f"ALTER TABLE {table} SET (autovacuum_enabled = off)")
    if request.param == "analysed when it was empty":
        ledger.rows(f"ANALYZE {', '.join(TABLES)}")
    ledger.transact(lambda session: session.execute(FILL, {"count": ROWS}))
    for statement in (SEAL, STRIKE):
        ledger.transact(lambda session, s=statement: session.execute(s, {"sealed": ROWS - WAITING}))  # type: ignore[misc]
    if request.param == "analysed":
        ledger.rows(f"ANALYZE {', '.join(TABLES)}")
    yield ledger
    ledger.close()
    postgres_server.drop(name)


IDS = list(range(ROWS - WAITING + 1, ROWS - WAITING + 1_001))
LAST = {"first": ROWS - 50_000, "last": ROWS}


@pytest.mark.parametrize(
    ("statement", "parameters", "most"),
    [
        (audit_rows.HEAD, {}, 1),
        (audit_chain.LISTED, {"after": 0, "most": 1_000}, WAITING),
        (audit_rows.ROWS, {"ids": IDS}, 1_000),
        (audit_chain.SEALED, {"ids": IDS}, 1_000),
        (audit_chain.STRIKE, {"ids": IDS}, 1_000),
        (audit_rows.SEALS, {"after": 90_000, "most": 5_000}, 5_000),
        (audit_rows.HASHES, {"positions": IDS}, 1_000),
        (audit_rows.PART, {"after": None, "most": 5_000}, 5_000),
        (audit_rows.PART, {"after": ROWS - 50_000, "most": 5_000}, 5_000),
    ],
    ids=["head", "list", "rows", "sealed", "strike", "page", "hashes", "first part", "part"],
)
def test_a_statement_reads_what_it_was_asked_for_and_no_more(
    ledger: Ledger, statement: TextClause, parameters: dict[str, Any], most: int
) -> None:
    for node in explain(ledger, statement, parameters):
        assert node["Node Type"] != "Seq Scan" or node["Relation Name"] == "audit_waiting", node
        read = (node["Actual Rows"] + node.get("Rows Removed by Filter", 0)) * node["Actual Loops"]
        assert read <= most, node


def test_rows_without_a_seal_are_looked_for_in_a_range_only(ledger: Ledger) -> None:
    for node in explain(ledger, audit_rows.UNSEALED, LAST):
        if node.get("Relation Name") in ("audit", "audit_seal"):
            assert node["Node Type"] != "Seq Scan", node
            assert node["Actual Rows"] * node["Actual Loops"] <= 50_001, node


def explain(ledger: Ledger, statement: TextClause, parameters: dict[str, Any]) -> list[dict[str, Any]]:
    """Each node of the plan, as it ran; what it did is rolled back."""
    with ledger.service.sessions() as session:
        found: Any = session.scalar(text(f"EXPLAIN (ANALYZE, FORMAT JSON) {statement.text}"), parameters)
        session.rollback()
    plan = json.loads(found) if isinstance(found, str) else found
    return list(_nodes(plan[0]["Plan"]))


def _nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for child in plan.get("Plans", []):
        yield from _nodes(child)
