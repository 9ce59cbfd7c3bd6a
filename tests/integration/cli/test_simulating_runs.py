"""`payday run simulate`: what would run on a date."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from shared.db import holds, runs
from tests.integration.cli.command import Finished, Payday, assert_refused
from tests.world import World

NOTHING: dict[str, Any] = {"count": 0, "amounts": {}}
Simulate = Callable[..., dict[str, Any]]
Words = Callable[..., Finished]


@pytest.fixture
def words(payday_inside: Payday, world: World) -> Words:
    """`payday run simulate` with further words."""

    def call(*words: str, **settings: str) -> Finished:
        today = world.service.settings.business.frozen
        assert today is not None
        environment = {"DATABASE_URL": world.environment["DATABASE_URL"], "BATCH_SIZE": "2", **settings}
        return payday_inside("run", "simulate", *words, BUSINESS_DATE=f"{today:%Y-%m-%dT%H:%M}", **environment)

    return call


@pytest.fixture
def simulate(words: Words) -> Simulate:
    """What it counts, as JSON."""

    def call(day: str | None = None, **settings: str) -> dict[str, Any]:
        finished = words("--json", *(["--date", day] if day else []), **settings)
        assert finished.returncode == 0, finished
        report: dict[str, Any] = json.loads(finished.stdout)
        return report

    return call


def tally(count: int, **amounts: str) -> dict[str, Any]:
    return {"count": count, "amounts": amounts}


def hold(world: World, payer: str | None = None, payee: str | None = None) -> None:
    world.transact(
        lambda session: holds.place(session, payer_id=payer, payee_id=payee, reason="fraud", placed_by="operator")
    )


def everything(world: World) -> list[Any]:
    """Every row of what a simulation might touch."""
    tables = ("run", "batch", "booking", "event", "schedule", "audit")
    return [
        world.transact(lambda s, t=table: [str(r) for r in s.execute(text(f"SELECT {t} FROM {t} ORDER BY 1")).all()])  # type: ignore[misc]
        for table in tables
    ]


def test_a_day_that_has_not_begun_is_counted_by_currency_and_nothing_changes(world: World, simulate: Simulate) -> None:
    world.schedules(3)
    world.schedule("japan", currency="JPY", amount=700)
    world.schedule("tomorrow", start="2026-03-03")
    before = everything(world)
    report = simulate()
    assert report == {
        "date": "2026-03-02", "status": None, "stopped": None, "reason": None,
        "scheduled": tally(4, GBP="75.00", JPY="700"), "carried": NOTHING, "retries": NOTHING, "held": NOTHING,
        "paused": NOTHING, "wouldRun": tally(4, GBP="75.00", JPY="700"),
        "batches": 2, "batchSize": 2, "schedulesToExtend": 0, "schedulesNotWritten": 0, "writtenThrough": None,
    }  # fmt: skip
    assert everything(world) == before
    assert simulate("2026-03-03")["wouldRun"] == tally(1, GBP="25.00")


def test_what_is_simulated_is_what_then_runs(world: World, simulate: Simulate) -> None:
    world.schedules(5)
    hold(world, payer="nobody")
    report = simulate(BATCH_SIZE="1000")
    batches = world.tick()
    assert (len(batches), world.pay(batches)) == (report["batches"], report["wouldRun"]["count"])
    assert sum(row.amount for row in world.transactions()) == 12500
    assert simulate()["wouldRun"] == NOTHING


def test_of_a_run_that_has_begun_what_still_waits_is_counted(world: World, simulate: Simulate) -> None:
    world.schedules(3)
    world.pay()
    world.schedule("late", amount=100)
    report = simulate()
    assert (report["status"], report["scheduled"], report["batches"]) == ("open", tally(1, GBP="1.00"), 1)


def test_what_was_carried_is_counted_in_the_run_that_pays_it(world: World, simulate: Simulate) -> None:
    world.schedules(3)
    world.tick()
    world.transact(lambda session: runs.begin_close(session, world.today, "early"))
    world.tick()
    world.schedule("tomorrow", start="2026-03-03", amount=100)
    assert simulate()["stopped"] == "closed"
    tomorrow = simulate("2026-03-03")
    assert (tomorrow["scheduled"], tomorrow["carried"]) == (tally(1, GBP="1.00"), tally(3, GBP="75.00"))
    assert (tomorrow["wouldRun"], tomorrow["batches"]) == (tally(4, GBP="76.00"), 2)
    world.set_day("2026-03-03")
    assert world.pay() == 4


DECLINED = """
UPDATE event SET status = 'processing', batch_id = 1 WHERE id = :id;
UPDATE event SET status = 'failed', failure_code = 'insufficient_funds', retry_on = '2026-03-04' WHERE id = :id;
INSERT INTO batch (run_date, date, first_id, last_id, ids, retry)
VALUES ('2026-03-04', '2026-03-02', :id, :id, ARRAY[CAST(:id AS uuid)], true);
"""


def test_a_declined_payment_is_counted_on_its_retry_day(world: World, simulate: Simulate) -> None:
    declined = world.event(world.schedule()).id
    world.schedule("other")
    world.transact(lambda session: session.execute(text(DECLINED), {"id": declined}))
    assert (simulate()["retries"], simulate()["scheduled"]["count"]) == (NOTHING, 1)
    report = simulate("2026-03-04")
    assert (report["retries"], report["carried"], report["batches"]) == (tally(1, GBP="25.00"), NOTHING, 1)
    hold(world, payer="payer")
    assert (simulate("2026-03-04")["held"], simulate("2026-03-04")["wouldRun"]) == (tally(1, GBP="25.00"), NOTHING)


def test_what_holds_and_pauses_keep_back_is_said(world: World, simulate: Simulate) -> None:
    world.schedule("alice", "shop")
    world.schedule("bob", "shop", amount=100)
    world.schedule("carol", "landlord", amount=10)
    resting = world.event(world.schedule("dave", "landlord", amount=1)).id
    world.transact(
        lambda session: session.execute(text("UPDATE event SET status = 'paused' WHERE id = :id"), {"id": resting})
    )
    hold(world, payer="alice")
    hold(world, payee="shop")
    report = simulate()
    assert (report["scheduled"], report["paused"]) == (tally(3, GBP="26.10"), tally(1, GBP="0.01"))
    assert (report["held"], report["wouldRun"]) == (tally(2, GBP="26.00"), tally(1, GBP="0.10"))
    hold(world)
    assert simulate()["wouldRun"] == NOTHING


def test_of_a_paused_run_nothing_would_run_and_it_says_why(world: World, simulate: Simulate, words: Words) -> None:
    world.schedules(2)
    world.tick()
    world.transact(lambda session: runs.pause(session, world.today, "[odd] answers"))
    report = simulate()
    assert (report["status"], report["stopped"], report["reason"]) == ("paused", "paused", "[odd] answers")
    assert (report["scheduled"]["count"], report["wouldRun"]) == (2, NOTHING)
    assert "The run of 2026-03-02 is paused ([odd] answers): nothing would run" in words().stdout


def test_after_the_cut_off_nothing_would_run_today(world: World, simulate: Simulate) -> None:
    world.schedule()
    world.set_day("2026-03-02T18:00")
    assert simulate(CUTOFF_AT="17:00")["stopped"] == "past its cut-off"
    assert simulate()["stopped"] is None
    assert simulate("2026-03-03", CUTOFF_AT="17:00")["stopped"] is None


def test_beyond_what_is_written_it_says_how_far_schedules_reach(world: World, simulate: Simulate, words: Words) -> None:
    daily = world.schedule("daily", frequency="daily")
    world.schedule("yearly", frequency="yearly")
    last = max(event.date for event in world.events(daily))
    written = simulate(last.isoformat())
    assert (written["schedulesToExtend"], written["schedulesNotWritten"]) == (1, 0)
    beyond = simulate((last + timedelta(days=1)).isoformat())
    assert (beyond["wouldRun"], beyond["schedulesNotWritten"]) == (NOTHING, 1)
    assert beyond["writtenThrough"] == last.isoformat()
    printed = words("--date", (last + timedelta(days=1)).isoformat()).stdout
    assert f"1 schedules are written only through {last} or later" in " ".join(printed.split())


def test_people_get_a_table(world: World, words: Words) -> None:
    world.schedules(3, amount=123456789)
    printed = words().stdout
    rows = [line.replace("│", " ").split() for line in printed.splitlines()]
    assert "The run of 2026-03-02, not begun" in printed
    assert ["would", "run", "3", "3,703,703.67"] in rows
    assert not [row for row in rows if row[:1] == ["retries"]]
    assert "batches: 2 of at most 2 events" in printed


def test_a_date_that_has_passed_is_refused(words: Words) -> None:
    assert_refused(words("--date", "2026-03-01"), "2026-03-01 has passed", "payday run status", status=1)


def test_an_empty_database_has_nothing_to_run(simulate: Simulate) -> None:
    assert simulate(date(2099, 12, 31).isoformat())["wouldRun"] == NOTHING
