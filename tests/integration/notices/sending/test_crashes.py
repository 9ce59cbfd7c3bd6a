"""A sender that is killed at any step: every fact reaches the receiver, each under one id."""

from __future__ import annotations

import signal
import time
from collections.abc import Mapping
from datetime import date
from functools import partial
from pathlib import Path

import pytest

from shared.db import outbox
from shared.domain.notices import NoticeType
from shared.settings import read_settings
from tests.forks import FORKS
from tests.integration.notices.sending.outbox import execute, pass_time, rows
from tests.receiver import ReceiverProcess
from tests.world import World
from worker_service.service import Service
from worker_service.tell import tell_due

POINTS = {"before_tell": 5, "after_tell": 5, "in_tell_commit": 4}
"""How often each is reached: a claim is recorded once."""
QUICK = ("after_tell", 1)
MISS = f"""
WITH gone AS (UPDATE event SET status = 'missed' WHERE date = :day RETURNING *)
{outbox.missed_of("gone")}
"""


def fill(world: World) -> dict[str, dict[str, int]]:
    """Facts of every kind; how many notices of which type whom they should reach."""
    world.bank.faults(*({"fault": "decline", "code": "insufficient_funds", "payerId": f"payer-{n}"} for n in range(3)))
    world.schedules(303)
    world.pay()
    world.schedules(4, start="2026-03-04")
    to_come = [event for event in world.events() if event.status == "scheduled"]
    insert = "INSERT INTO outbox (kind, date, first_id, last_id) VALUES ('upcoming', :day, :first, :last)"
    execute(world, insert, day=to_come[0].date, first=to_come[0].id, last=to_come[-1].id)
    world.schedules(7, start="2026-03-05")
    execute(world, MISS, day=date(2026, 3, 5))
    for number in range(2):
        schedule = world.schedule(payer=f"changed-{number}", start="2026-03-09")
        world.transact(partial(outbox.tell_of_schedule, type_=NoticeType.CHANGED, schedule_id=schedule, version=2))
    return {
        "changed": {"payer": 2},
        "failed": {"payer": 3},
        "missed": {"payer": 7},
        "paid": {"payer": 300, "payee": 300},
        "upcoming": {"payer": 4},
    }


def work(environment: Mapping[str, str]) -> None:
    service = Service.connect(read_settings(environment))
    tell_due(service)
    time.sleep(0.1)  # a death in a commit comes a moment later
    service.close()


def die(world: World, crash_at: str) -> int | None:
    environment = {name: str(value) for name, value in world.environment.items()}
    process = FORKS.Process(target=work, args=({**environment, "CRASH_AT": crash_at},))
    process.start()
    process.join(timeout=60)
    assert not process.is_alive()
    return process.exitcode


def _cases() -> list[object]:
    """A claim of two bodies, 500 and 100 notices of payments; those to come; facts together."""
    return [
        pytest.param(point, hit, marks=[] if (point, hit) == QUICK or hit == 3 else [pytest.mark.all])
        for point, hits in POINTS.items()
        for hit in range(1, hits + 1)
    ]


@pytest.mark.parametrize(("point", "hit"), _cases())
def test_a_crash_there_loses_no_notice_and_gives_none_another_id(
    world: World, receiver: ReceiverProcess, tmp_path: Path, point: str, hit: int
) -> None:
    expected = fill(world)
    assert die(world, f"{point}:{hit}:{tmp_path / 'hits'}") == -signal.SIGKILL, "the point was not reached so often"
    pass_time(world)
    tell_due(world.service)
    assert rows(world) == []
    summary = receiver.summary()
    assert summary["byType"] == expected
    doubled = summary["notices"] - summary["distinct"]
    # What was told of the claim in hand, and no more.
    assert doubled in ((0, 500) if point == "before_tell" else (0, 4, 5, 7, 500, 600))
    assert summary["contradicted"]["count"] == 0
