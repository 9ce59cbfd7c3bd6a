"""Nobody asked for what a calendar or a suspension does: its payer hears of it (rules S10, P4)."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from shared.db import calendar_changes
from shared.reroll import reroll_all
from tests.integration.notices.outbox import Told
from tests.world import ACT, World
from worker_service.suspend import suspend_due

TENTH, ELEVENTH = date(2026, 3, 10), date(2026, 3, 11)  # a Tuesday and a Wednesday


@pytest.fixture
def told(world: World) -> Told:
    return Told.of(world)


def test_a_moved_payment_is_told_with_its_new_date_and_again_when_it_comes_back(world: World, told: Told) -> None:
    schedule = world.schedule(start="2026-03-10", day_convention="following")
    event_id = world.event(schedule).id
    _close_day(world, TENTH)
    (moved,) = told.take()
    assert (moved["id"], moved["recipient"]) == (f"{event_id}.changed.2.payer", "payer")
    assert (moved["event"]["nominalDate"], moved["event"]["date"]) == ("2026-03-10", "2026-03-11")
    _open_day(world, TENTH)
    (back,) = told.take()
    assert (back["id"], back["event"]["date"]) == (f"{event_id}.changed.3.payer", "2026-03-10")


def test_what_stays_where_it_is_tells_nothing(world: World, told: Told) -> None:
    world.schedule(start="2026-03-12", day_convention="following")
    _close_day(world, TENTH)
    assert told.take() == []


def test_a_payment_that_collapses_is_cancelled_and_one_that_comes_for_it_later_is_told(
    world: World, told: Told
) -> None:
    schedule = _daily(world, start="2026-03-09")
    _close_day(world, TENTH)
    assert len(world.events(schedule)) == 5
    (gone,) = told.take()  # the three after it have other numbers, which is no news
    assert (gone["type"], gone["event"]["date"], gone["event"]["cancelReason"]) == (
        "cancelled", "2026-03-10", "collapsed",
    )  # fmt: skip
    _open_day(world, TENTH)
    (back,) = told.take()
    assert (back["type"], back["event"]["date"], back["event"]["status"]) == ("changed", "2026-03-10", "scheduled")
    assert back["event"]["id"] != gone["event"]["id"]


def test_an_amount_that_goes_over_to_another_payment_is_told(world: World, told: Told) -> None:
    _daily(world, start="2026-03-10", first_amount=900)
    _close_day(world, TENTH)
    assert {(notice["type"], notice["event"]["date"], notice["event"]["amount"]) for notice in told.take()} == {
        ("cancelled", "2026-03-10", "9.00"),
        ("changed", "2026-03-11", "9.00"),
    }


def test_payments_of_one_schedule_on_one_date_are_told_in_one_row(world: World, told: Told) -> None:
    dates = (TENTH, ELEVENTH)
    world.schedule(frequency="dates", start="2026-03-10", dates=dates, day_convention="following")
    _close_day(world, *dates)
    (row,) = told.take_rows()
    assert [notice["event"]["date"] for notice in row] == ["2026-03-12", "2026-03-12"]


def test_rolling_again_tells_nothing_again(world: World, told: Told) -> None:
    world.schedule(start="2026-03-10", day_convention="following")
    _close_day(world, TENTH)
    assert len(told.take()) == 1
    assert reroll_all(world.service.sessions, world.service.settings, ACT) == []
    assert told.take() == []


def test_a_suspension_is_told_once(world: World, told: Told) -> None:
    world.bank.faults({"fault": "decline", "payerId": "poor", "code": "account_closed"})
    schedule = world.schedule(payer="poor", frequency="daily", count=4)
    world.pay()
    suspend_due(world.service)
    (pause_id,) = world.transact(lambda s: s.execute(text("SELECT id FROM pause")).one())
    (notice,) = [notice for notice in told.take() if "schedule" in notice]
    assert (notice["id"], notice["type"]) == (f"{pause_id}.suspended.1.payer", "suspended")
    assert (notice["recipient"], notice["schedule"]["id"]) == ("poor", str(schedule))
    assert notice["schedule"]["pauses"] == [{"from": "2026-03-02", "until": None}]


def _daily(world: World, **terms: Any) -> UUID:
    return world.schedule(frequency="daily", count=5, day_convention="following", **terms)


def _close_day(world: World, *days: date) -> None:
    def close(session: Session) -> None:
        for day in days:
            assert calendar_changes.override(session, "GB-ENG", day, closed_as="Jubilee", today=world.today)

    world.transact(close)
    reroll_all(world.service.sessions, world.service.settings, ACT)


def _open_day(world: World, day: date) -> None:
    assert world.transact(lambda s: calendar_changes.clear(s, "GB-ENG", day))
    reroll_all(world.service.sessions, world.service.settings, ACT)
