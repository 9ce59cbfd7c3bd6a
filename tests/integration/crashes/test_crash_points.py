"""A process killed at any step, in any mode, the first or third time, or the second: nothing twice, nothing lost.

What happened is read from the bank's journal. The point must have been reached, or the test fails.
"""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from shared.crash_points import POINTS
from shared.domain.lifecycle import EventStatus
from tests.bank import BankProcess
from tests.forks import FORKS
from tests.integration.crashes import dying
from tests.world import World

DAYS = ["2026-03-02", "2026-03-03", "2026-03-04", "2026-03-05"]
SILENT = [f"silent-{number}" for number in range(4)]
"""Payers whose payments are made while the answers are cut off."""
PART = 2
OF_CELERY = {"before_ack"}
"""Reached in a real worker only: `tests/acceptance`."""
OF_SEALING = {"before_seal_commit", "in_seal_commit", "after_seal"}
"""Of a task that pays nothing: `test_sealing`."""
OF_TELLING = {"before_tell", "after_tell", "in_tell_commit"}
"""Of a process that pays nothing: `tests/integration/notices`."""
OF_UPCOMING = {"in_upcoming_commit", "after_upcoming_step"}
"""Of a task that pays nothing: `tests/integration/notices/test_upcoming.py`."""
ANSWERING = {"before_proof", "in_proof_commit", "after_proof"}
"""Not reached where nobody can be asked."""

QUICK = {"after_claim", "after_send", "in_settle_commit", "in_plan_commit", "in_close_commit", "in_proof_commit"}
"""Enough of them for `make test`."""


@pytest.fixture(params=["key", "enquiry", "none"])
def mode(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def world(database_url: str, mode: str) -> Iterator[World]:
    silent = [
        {"fault": "truncated", "payerId": payer, "on": "single", "times": 3 if mode == "key" else 1} for payer in SILENT
    ]
    with BankProcess("--mode", mode, faults=silent) as bank:
        environment = {
            "PROVIDER_MODE": mode,
            "PROVIDER_CONCURRENCY": str(PART),
            "BATCH_SIZE": "4",
            "LEASE_SECONDS": "60",
            "HORIZON_CYCLES_MIN": "1",
            "HORIZON_CYCLES_MAX": "1",
        }
        world = World(database_url, bank, DAYS[0], **environment)
        yield world
        world.close()


def fill(world: World) -> None:
    """What four days pay: once, daily and open-ended, and what is answered badly."""
    for number in range(6):
        world.schedule(payer=f"once-{number}")
    for payer in SILENT:
        world.schedule(payer=payer)
    for number in range(3):
        world.schedule(payer=f"daily-{number}", frequency="daily")


def die(world: World, crash_at: str) -> int | None:
    """The exit status of a process that works on all days and dies there."""
    environment = {name: str(value) for name, value in world.environment.items()}
    process = FORKS.Process(target=dying.work, args=({**environment, "CRASH_AT": crash_at}, DAYS))
    process.start()
    process.join(timeout=60)
    assert not process.is_alive()
    return process.exitcode


def recover(world: World) -> None:
    """Another process goes on after the dead one's lease, until nothing is left to be done of a day."""
    for day in DAYS:
        world.set_day(day)
        for _ in range(4):
            world.expire_leases()
            world.transact(lambda s: s.execute(text("UPDATE batch SET wait_until = NULL, published_at = NULL")))
            if not dying.one_round(world.service):
                break


def assert_nothing_twice_nothing_lost(world: World, mode: str) -> None:
    payments = list(world.bank.payments())
    by_key = [row["idempotencyKey"] for row in payments]
    assert len(by_key) == len(set(by_key))
    world.assert_paid_once_but_for_unknown()
    left = [event for event in world.events() if str(event.date) <= DAYS[-1] and event.status != EventStatus.PAID]
    unknown = [event for event in left if event.status == EventStatus.UNKNOWN]
    others = [(event.payer_id, event.status, event.failure_code) for event in left if event not in unknown]
    if mode == "key":
        assert left == [], others
    elif mode == "enquiry":
        # What was claimed and never sent is proven never paid, and not paid again without leave.
        assert unknown == []
        assert {(status, code) for _, status, code in others} <= {("failed", "not_executed")}
        assert len(others) <= PART
    else:
        assert others == []
        assert len([event for event in unknown if event.payer_id not in SILENT]) <= PART
    for day in DAYS:
        world.assert_books_agree(day)


def _cases() -> list[Any]:
    """A few in `make test`, in the mode that most providers have; all in `make test-all`."""
    cases = []
    for point in sorted(POINTS - OF_CELERY - OF_SEALING - OF_TELLING - OF_UPCOMING):
        for hit in (1, 2, 3):
            for mode in ("key", "enquiry", "none"):
                if mode == "none" and point in ANSWERING | {"after_take"}:
                    continue
                marks = [] if hit == 1 and mode == "key" and point in QUICK else [pytest.mark.all]
                cases.append(pytest.param(point, hit, mode, id=f"{point}-{hit}-{mode}", marks=marks))
    return cases


@pytest.mark.parametrize(("point", "hit", "mode"), _cases(), indirect=["mode"])
def test_a_crash_there_pays_nothing_twice_and_loses_nothing(
    world: World, tmp_path: Path, point: str, hit: int, mode: str
) -> None:
    fill(world)
    assert die(world, f"{point}:{hit}:{tmp_path / 'hits'}") == -signal.SIGKILL, "the point was not reached so often"
    recover(world)
    assert_nothing_twice_nothing_lost(world, mode)


def test_every_point_is_in_the_code() -> None:
    """A point that nobody passes would be a test that tests nothing."""
    root = Path(dying.__file__).parents[3]
    code = "".join(path.read_text() for path in (root / "worker_service").rglob("*.py"))
    assert {point for point in POINTS if f'reached("{point}")' not in code} == set()
