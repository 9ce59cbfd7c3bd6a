"""A payer hears that nobody knows what became of a payment: after an hour, once, and not if somebody knows (P4)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from shared.domain.notices import UNKNOWN_AFTER_SECONDS
from tests.integration.notices.draining import drain, rows
from tests.integration.notices.outbox import NOTIFIED
from tests.world import World
from worker_service.resolve import tell_unknown

SILENT: dict[str, Any] = {"fault": "drop", "times": 3, "payerId": "silent"}
LATER = text("UPDATE attempt SET first_sent_at = first_sent_at - :by")
TOLD = text("SELECT told FROM attempt")


@pytest.fixture
def unknown(world: World) -> World:
    """A world with one payment that nobody knows anything of."""
    world.bank.faults(SILENT)
    world.schedule(payer="silent")
    world.pay()
    world.bank.clear_faults()
    assert world.statuses() == ["unknown"]
    return world


def pass_by(world: World, seconds: float) -> None:
    """As if the payment had been sent so much earlier."""
    world.transact(lambda session: session.execute(LATER, {"by": timedelta(seconds=seconds)}))


def test_what_is_unknown_for_an_hour_is_told_to_its_payer_once(unknown: World) -> None:
    pass_by(unknown, UNKNOWN_AFTER_SECONDS - 60)
    assert tell_unknown(unknown.service) == 0
    assert rows(unknown) == []
    pass_by(unknown, 60)
    assert tell_unknown(unknown.service) == 1
    (event,) = unknown.events()
    (told,) = drain(unknown)
    assert (told["id"], told["role"]) == (f"{event.id}.unknown.{event.version}.payer", "payer")
    assert told["event"]["status"] == "unknown"
    assert "failure" not in told["event"]
    assert tell_unknown(unknown.service) == 0
    assert rows(unknown) == []


def test_what_became_known_meanwhile_is_told_as_what_it_is(unknown: World) -> None:
    pass_by(unknown, UNKNOWN_AFTER_SECONDS)
    unknown.resolve()
    assert tell_unknown(unknown.service) == 0
    assert [notice["type"] for notice in drain(unknown)] == ["paid", "paid"]


def test_what_became_known_after_it_was_told_is_told_too(unknown: World) -> None:
    pass_by(unknown, UNKNOWN_AFTER_SECONDS)
    tell_unknown(unknown.service)
    unknown.resolve()
    assert [notice["type"] for notice in drain(unknown)] == ["unknown", "paid", "paid"]


def test_where_nobody_is_told_it_is_left_untold(unknown: World) -> None:
    pass_by(unknown, UNKNOWN_AFTER_SECONDS)
    for name in NOTIFIED:
        unknown.environment.pop(name)
    unknown.set_day("2026-03-02")
    assert tell_unknown(unknown.service) == 0
    assert unknown.transact(lambda session: session.scalar(TOLD)) is False
    assert rows(unknown) == []
