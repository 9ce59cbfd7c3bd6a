"""A day whose calls are spread over its hours, on a real database and with a real bank."""

from __future__ import annotations

import dataclasses
import statistics
from datetime import datetime
from itertools import pairwise

import pytest
from sqlalchemy import text

from tests.world import World
from worker_service.gateway.pace import interval_seconds
from worker_service.pace import reserving

MINUTE_LEFT = "2026-03-02T11:59"
OVER = "2026-03-02T12:00"


@pytest.fixture
def spread(world: World) -> World:
    """A world in the last minute for which its calls are spread."""
    world.environment |= {"PROVIDER_SPREAD_UNTIL": "12:00", "LEASE_SECONDS": "6", "PROVIDER_TIMEOUT_SECONDS": "0.5"}
    world.set_day(MINUTE_LEFT)
    return world


def interval(world: World, max_rps: float = 0.0) -> float:
    """Between two calls of a worker that has just looked."""
    settings = world.service.settings
    provider = dataclasses.replace(settings.provider, max_rps=max_rps)
    world.transact(lambda session: session.execute(text("UPDATE provider SET next_call_at = NULL")))
    reserve = reserving(dataclasses.replace(settings, provider=provider), lambda: world.service.sessions)
    assert reserve is not None
    return reserve(1).interval


@pytest.mark.all
def test_calls_are_even_until_the_time_and_what_has_no_turn_within_the_lease_is_given_back(spread: World) -> None:
    spread.schedules(240)
    spread.pay()
    times = sorted(datetime.fromisoformat(send["receivedAt"]).timestamp() for send in spread.bank.sends())
    between = [later - sooner for sooner, later in pairwise(times)]
    # 240 in a minute, for the three and a half seconds in which a lease's calls begin; fewer where all stood still.
    assert 5 <= len(times) <= 15
    assert 0.2 < statistics.median(between) < 0.3, between
    assert spread.counts() == {"due": 240, "paid": len(times), "waiting": 240 - len(times)}
    spread.set_day(OVER)
    spread.end_waiting()
    while spread.pay():
        spread.end_waiting()
    assert spread.counts() == {"due": 240, "paid": 240}
    assert spread.bank.summary()["sends"] == 240
    spread.assert_paid_once()


def test_workers_hear_of_no_more_batches_than_a_lease_has_calls_for(spread: World) -> None:
    spread.set_day(MINUTE_LEFT, batch_size=4, lease_seconds=20)
    spread.schedules(40)
    assert len(spread.tick()) == 2  # at a call a second, ten of the twenty seconds
    assert spread.tick() == []
    spread.set_day(OVER, batch_size=4, lease_seconds=20)
    assert len(spread.tick()) == 8


def test_what_is_left_decides_and_the_rate_that_is_allowed_is_never_exceeded(spread: World) -> None:
    assert interval(spread) == 0.0
    spread.schedules(120)
    spread.tick()
    assert interval(spread) == pytest.approx(0.5)
    assert interval(spread, max_rps=100) == pytest.approx(0.5)
    assert interval(spread, max_rps=1) == interval_seconds(1)
    spread.set_day(OVER)
    assert interval(spread) == 0.0
    assert interval(spread, max_rps=100) == interval_seconds(100)


def test_a_batch_of_payments_is_one_call(spread: World) -> None:
    spread.environment["PROVIDER_BATCH_SIZE"] = "2"
    spread.set_day(MINUTE_LEFT)
    spread.schedules(241)
    spread.tick()
    assert interval(spread) == pytest.approx(60 / 121)


def test_without_the_setting_nothing_is_spread(world: World) -> None:
    world.set_day(MINUTE_LEFT)
    assert reserving(world.service.settings, lambda: world.service.sessions) is None
