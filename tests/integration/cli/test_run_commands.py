from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from api_service.app import create_app
from api_service.auth.development import make_token
from shared.db.models import Audit
from tests.integration.cli.command import Finished, Payday, assert_refused
from tests.world import World


@pytest.fixture
def paid(world: World) -> World:
    """A world with a run of which one event is paid and one still waits."""
    world.schedule("payer-1", amount=123456)
    world.pay()
    world.schedule("payer-2")
    return world


Run = Callable[..., Finished]


@pytest.fixture
def run(payday_inside: Payday, paid: World) -> Run:
    """`payday run` in that world."""
    url, today = paid.environment["DATABASE_URL"], paid.today.isoformat()
    return lambda *words: payday_inside("run", *words, DATABASE_URL=url, BUSINESS_DATE=today)


def api(world: World) -> FlaskClient:
    client = create_app(world.service.settings, world.service.sessions).test_client()
    client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {make_token('operator', ['ops'])}"
    return client


def audit_rows(world: World) -> list[Audit]:
    return world.transact(lambda session: list(session.scalars(select(Audit).where(Audit.subject == "run"))))


def test_a_runs_json_is_the_one_of_the_rest_api(run: Run, paid: World) -> None:
    shown: dict[str, Any] = json.loads(run("status", "--json").stdout)
    assert shown == api(paid).get(f"/v1/runs/{paid.today}").json
    assert shown["paid"] == {"count": 1, "amounts": {"GBP": "1234.56"}}
    assert json.loads(run("status", "--json", "--date", paid.today.isoformat()).stdout) == shown


def test_a_run_is_shown_to_people_as_a_table(run: Run, paid: World) -> None:
    printed = run("status").stdout
    assert f"The run of {paid.today}: open, books balanced" in printed
    rows = [line.replace("│", " ").split() for line in printed.splitlines()]
    assert ["paid", "1", "1,234.56"] in rows
    assert ["waiting", "1", "25.00"] in rows
    assert not [row for row in rows if row[:1] == ["missed"]]


def test_closing_a_run_is_the_operators_act_in_the_audit(run: Run, paid: World) -> None:
    closed = run("close", "--json", "--reason", "the bank closes early")
    assert closed.returncode == 0, closed
    [row] = audit_rows(paid)
    assert (row.actor, row.action, row.subject_id) == ("operator", "run.closing", paid.today.isoformat())
    assert paid.run(paid.today.isoformat()).reason == "the bank closes early"  # type: ignore[union-attr]
    assert run("close").returncode == 0
    assert len(audit_rows(paid)) == 1
    paid.tick()
    assert json.loads(run("status", "--json").stdout)["status"] == "closed"
    acts = [(row.actor, row.action) for row in audit_rows(paid)]
    assert acts == [("operator", "run.closing"), ("payday", "run.closed")]


def test_a_date_without_a_run_is_said(run: Run, paid: World) -> None:
    for action in ("status", "pause", "resume", "close"):
        assert_refused(run(action, "--date", "2025-01-01"), "there is no run of 2025-01-01", status=1)


def test_pausing_and_resuming_are_the_operators_acts_in_the_audit(run: Run, paid: World) -> None:
    paused = json.loads(run("pause", "--json", "--reason", "[odd] answers").stdout)
    assert paused == api(paid).get(f"/v1/runs/{paid.today}").json
    assert (paused["status"], paused["reason"]) == ("paused", "[odd] answers")
    assert f"The run of {paid.today}: paused ([odd] answers), books balanced" in run("status").stdout
    assert paid.pay() == 0
    assert run("pause").returncode == 0
    resumed = json.loads(run("resume", "--json", "--date", paid.today.isoformat()).stdout)
    assert (resumed["status"], resumed["reason"]) == ("open", "resumed by `payday run resume`")
    acts = [(row.actor, row.action, row.subject_id) for row in audit_rows(paid)]
    day = paid.today.isoformat()
    assert acts == [("operator", "run.paused", day), ("operator", "run.resumed", day)]
    assert paid.pay() == 1


def test_a_run_that_closes_is_neither_paused_nor_resumed(run: Run, paid: World) -> None:
    assert run("close", "--reason", "early").returncode == 0
    for action in ("pause", "resume"):
        assert_refused(run(action), "is being closed", status=1)
    assert f"The run of {paid.today}: open and closing (early), books balanced" in run("status").stdout
    paid.tick()
    for action in ("pause", "resume"):
        assert_refused(run(action), "is closed", status=1)


def test_stopping_without_a_reason_is_refused(run: Run, paid: World) -> None:
    for action in ("pause", "resume", "close"):
        assert_refused(run(action, "--reason", " "), "--reason: must say why", status=1)
        assert_refused(run(action, "--reason", "x" * 201), "--reason: at most 200 characters", status=1)
    assert audit_rows(paid) == []
