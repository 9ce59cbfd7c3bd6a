"""The plans of the hot statements, as the code sends them, with the planner's default settings."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Connection, Engine, create_engine, event, text

from shared.db import (
    entries,
    left_unknown,
    notices,
    partitions,
    parts,
    planning,
    settlement,
    turns,
    upcoming,
    walking,
)
from shared.db.arrays import array_literal
from shared.db.engine import make_sessions
from shared.db.migrate import database_url as sqlalchemy_url
from shared.db.parts import Claim
from shared.db.spans import Span
from shared.db.verdicts import Verdict
from shared.domain.entries import Entry

pytestmark = pytest.mark.every_case

DAY = date(2026, 3, 16)
EVENTS = 200_000

FILL = """
INSERT INTO event (date, id, schedule_id, payer_id, payee_id, amount, currency, nominal_date, sequence, revision)
SELECT CAST('2026-03-01' AS date) + n % 31, CAST(lpad(to_hex(n), 32, '0') AS uuid), gen_random_uuid(), 'payer-' || n,
  'payee', 100, 'GBP', CAST('2026-03-01' AS date) + n % 31, 1, 1
FROM generate_series(1, :count) AS n WHERE n % 31 {days} 0
"""
FIRST_DAY, OTHER_DAYS = text(FILL.format(days="=")), text(FILL.format(days="<>"))
PAYDAY = date(2026, 4, 1)
ONE_DAY = text("""
INSERT INTO event (date, id, schedule_id, payer_id, payee_id, amount, currency, nominal_date, sequence, revision)
SELECT '2026-04-01', CAST(lpad(to_hex(n), 32, '0') AS uuid), gen_random_uuid(), 'payer-' || n, 'payee', 100, 'GBP',
  '2026-04-01', 1, 1
FROM generate_series(1, :count) AS n
""")


STATISTICS = ["never analysed", "analysed", "analysed when only another day had rows"]


# One process for all tests of one month: the others would fill it once more.
@pytest.fixture(
    scope="module",
    params=[pytest.param(known, id=known, marks=pytest.mark.xdist_group(f"plans, {known}")) for known in STATISTICS],
)
def engine(postgres_server: Any, template_database: str, request: pytest.FixtureRequest) -> Iterator[Engine]:
    """A month of 200,000 events with statistics as they can be: none, true, and skewed."""
    name = postgres_server.create(template_database)
    engine = create_engine(sqlalchemy_url(postgres_server.url(name)))
    with make_sessions(engine).begin() as session:
        partitions.make_ahead(session, DAY)
        session.execute(text("ALTER TABLE event_2026_03 SET (autovacuum_enabled = off)"))
        session.execute(FIRST_DAY, {"count": EVENTS})
        if request.param == "analysed when only another day had rows":
            session.execute(text("ANALYZE event_2026_03"))
        session.execute(OTHER_DAYS, {"count": EVENTS})
        if request.param == "analysed":
            session.execute(text("ANALYZE event_2026_03"))
    yield engine
    engine.dispose()
    postgres_server.drop(name)


@pytest.fixture
def connection(engine: Engine) -> Iterator[Connection]:
    """What a test does is rolled back."""
    with engine.connect() as connection:
        yield connection
        connection.rollback()


def test_planning_walks_the_key_without_a_sort(connection: Connection) -> None:
    connection.execute(walking.WALK)
    plan = _explain(connection, planning.CUT.text, {"day": DAY, "after": walking.NO_ID, "size": 1000, "steps": 3})
    scans = _scans(plan, "event")
    assert scans
    assert {node["Node Type"] for node in scans} <= {"Index Only Scan", "Index Scan"}
    assert {node["Index Name"] for node in scans} == {"event_2026_03_pkey"}


def test_what_a_step_counts_is_found_by_the_key_even_in_a_month_of_one_day(connection: Connection) -> None:
    """A month that is read from end to end makes a step as slow as the month is large."""
    connection.execute(ONE_DAY, {"count": EVENTS // 4})
    connection.execute(text("ANALYZE event_2026_04"))
    connection.execute(walking.WALK)
    connection.execute(planning.SPAN)
    step = {"day": PAYDAY, "after": walking.NO_ID, "through": UUID(int=EVENTS // 40)}
    scans = _scans(_explain(connection, planning.COUNT.text, step), "event_2026_04")
    assert {(node["Node Type"], node["Index Name"]) for node in scans} == {("Index Scan", "event_2026_04_pkey")}


@pytest.mark.parametrize("kind", ["paid", "upcoming"])
def test_a_page_of_notices_is_read_by_the_key_in_its_order(connection: Connection, kind: str) -> None:
    """A range that was collected and sorted for each page would be read once for each of its pages."""
    plan = _page(connection, kind, listed=False)
    _assert_by_key(plan)
    assert {node["Node Type"] for node in _nodes(plan)} <= {"Limit", "Index Scan", "Append"}


@pytest.mark.parametrize("kind", ["paid", "missed"])
def test_a_page_of_payments_that_are_named_is_read_by_the_key(connection: Connection, kind: str) -> None:
    _assert_by_key(_page(connection, kind, listed=True))


def test_the_walk_of_coming_payments_is_that_of_a_plan(connection: Connection) -> None:
    connection.execute(walking.WALK)
    plan = _explain(connection, upcoming.CUT.text, {"day": DAY, "after": walking.NO_ID, "size": 4000, "steps": 25})
    scans = _scans(plan, "event")
    assert {(node["Node Type"], node["Index Name"]) for node in scans} == {("Index Only Scan", "event_2026_03_pkey")}


def test_what_is_unknown_is_looked_up_event_by_event(connection: Connection) -> None:
    scans = _scans(_explain(connection, left_unknown.TELL.text, {}), "event_2026_03")
    assert scans
    assert "Seq Scan" not in {node["Node Type"] for node in scans}
    assert all("id = " in node.get("Index Cond", node.get("Recheck Cond", "")) for node in scans)


def test_turns_are_found_by_the_key(connection: Connection) -> None:
    connection.execute(turns.WALK)
    plan = _explain(connection, turns.ASSIGN.text, {"run_date": DAY, "date": DAY, "half": 500})
    assert {node["Index Name"] for node in _scans(plan, "event")} == {"event_2026_03_pkey"}


@pytest.mark.parametrize("listed", [False, True])
def test_a_claim_finds_its_events_by_the_key(connection: Connection, listed: bool) -> None:
    claim = _claim(connection, listed=listed)
    statement = parts.CLAIM.format(which=parts.claimable(claim), used="0")
    plan = _explain(connection, statement, {"batch": 1, "run_date": DAY, **claim.span.parameters})
    _assert_by_key(plan)
    assert _joins(plan) == []


@pytest.mark.parametrize("listed", [False, True])
def test_a_settlement_finds_its_events_by_the_key_and_joins_nothing(connection: Connection, listed: bool) -> None:
    claim = _claim(connection, listed=listed)
    captured: list[tuple[str, Any]] = []
    verdicts = {str(event_id): Verdict("paid", None, "ref") for event_id in _ids(connection)}
    with make_sessions(connection).begin() as session:  # type: ignore[arg-type]
        event.listen(connection.engine, "before_cursor_execute", _capture(captured))
        settlement.settle(session, claim, verdicts, provider="default")
    event.remove(connection.engine, "before_cursor_execute", _listeners.pop())
    (statement, parameters), *_ = captured
    plan = json.loads(json.dumps(connection.exec_driver_sql("EXPLAIN (FORMAT JSON) " + statement, parameters).scalar()))
    _assert_by_key(plan[0]["Plan"])
    assert [node for node in _joins(plan[0]["Plan"]) if _scans(node, "event")] == []


_listeners: list[Any] = []


def _capture(captured: list[tuple[str, Any]]) -> Any:
    def listener(_c: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, _many: bool) -> None:
        captured.append((statement, parameters))

    _listeners.append(listener)
    return listener


def _ids(connection: Connection) -> list[UUID]:
    query = text("SELECT id FROM event WHERE date = :day ORDER BY id LIMIT 1000")
    return list(connection.scalars(query, {"day": DAY}))


def _claim(connection: Connection, *, listed: bool) -> Claim:
    ids = _ids(connection)
    return Claim(1, DAY, 1, Span(DAY, ids[0], ids[-1], ids if listed else None), 60.0)


def _page(connection: Connection, kind: str, *, listed: bool) -> dict[str, Any]:
    span = _claim(connection, listed=listed).span
    values = {"date": DAY, "first": span.first_id, "last": span.last_id, "most": 250, "batch": 7}
    ids = array_literal(span.ids or []) if listed else None
    connection.execute(walking.WALK)
    return _explain(connection, notices.KINDS[kind].statement.text, {**values, "ids": ids})


def _explain(connection: Connection, statement: str, parameters: dict[str, Any]) -> dict[str, Any]:
    plan: Any = connection.execute(text("EXPLAIN (FORMAT JSON) " + statement), parameters).scalar()
    root: dict[str, Any] = plan[0]["Plan"]
    return root


def _nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for child in plan.get("Plans", []):
        yield from _nodes(child)


def _scans(plan: dict[str, Any], table: str) -> list[dict[str, Any]]:
    return [
        node
        for node in _nodes(plan)
        if (node.get("Relation Name", "").startswith(table) and node["Node Type"] != "ModifyTable")
        or (node["Node Type"] == "Bitmap Index Scan" and node["Index Name"].startswith(table))
    ]


def _joins(plan: dict[str, Any]) -> list[dict[str, Any]]:
    return [node for node in _nodes(plan) if node["Node Type"] in ("Nested Loop", "Hash Join", "Merge Join")]


def _assert_by_key(plan: dict[str, Any]) -> None:
    """The only way to the events is the month's primary key."""
    scans = _scans(plan, "event_2026_03")
    assert scans
    assert "Seq Scan" not in {node["Node Type"] for node in scans}
    assert {node["Index Name"] for node in scans if "Index Name" in node} == {"event_2026_03_pkey"}
    assert {node["Relation Name"] for node in _nodes(plan) if node["Node Type"] == "Seq Scan"} <= {"batch"}


@pytest.mark.parametrize("count", [1, 18, 400])
def test_writing_an_edit_finds_each_event_by_its_key(connection: Connection, count: int) -> None:
    entry = Entry(
        UUID(int=3), UUID(int=9), "payer", "payee", 1, date(2026, 3, 4), date(2026, 3, 4), 100, "GBP", None, revision=2
    )
    moves = [
        (replace(entry, id=UUID(int=3 + 31 * step)), replace(entry, amount=200, version=2)) for step in range(count)
    ]
    plan = _explain(connection, entries.UPDATE.text, entries.update_values(moves))
    _assert_by_key(plan)
    conditions = [scan["Index Cond"] for scan in _scans(plan, "event_2026_03") if "Index Cond" in scan]
    assert conditions
    assert all("id = " in condition and "date = " in condition for condition in conditions)
