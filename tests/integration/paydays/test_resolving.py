"""The resolver: what it may send and what it may believe (rules K3-K6, D5)."""

from __future__ import annotations

import contextlib
import dataclasses
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import text

from shared.db.clock import business_now
from tests.bank import BankProcess
from tests.world import World
from worker_service import resolve

SILENT = {"fault": "hang", "seconds": 5, "on": "single"}
SHORT_LEASE = {"LEASE_SECONDS": "6", "PROVIDER_TIMEOUT_SECONDS": "0.5"}


@pytest.fixture
def forgetful(database_url: str) -> Iterator[World]:
    """A world whose bank honours a key for eight seconds, and whose settings say so."""
    with BankProcess("--key-window-seconds", "8") as bank:
        world = World(database_url, bank, PROVIDER_KEY_WINDOW_SECONDS="8", **SHORT_LEASE)
        yield world
        world.close()


def test_the_resolver_does_not_send_a_key_that_the_bank_may_have_forgotten_meanwhile(forgetful: World) -> None:
    world = forgetful
    world.bank.faults({**SILENT, "times": 6})
    for payer in ("a", "b"):
        world.schedule(payer=payer)
    world.pay()
    assert set(world.statuses()) == {"unknown"}
    world.bank.clear_faults()
    # Whoever is looked at first holds the resolver up; the second one is throttled once.
    world.bank.faults({**SILENT, "times": 3}, {"fault": "throttled", "on": "single", "retryAfter": "2", "times": 1})
    world.set_day("2026-03-02", lease_seconds=3)  # the margin is the lease, whatever its length
    _until(lambda: _age(world) > 4.6)
    world.resolve()
    assert len(list(world.bank.payments())) == 2


def _age(world: World) -> float:
    return float(
        world.transact(
            lambda s: s.scalar(text("SELECT extract(epoch FROM clock_timestamp() - min(first_sent_at)) FROM attempt"))
        )
    )


def test_a_not_found_judged_by_a_resolver_that_was_overtaken_by_another_proves_nothing(world: World) -> None:
    world.bank.faults({"fault": "drop", "on": "single", "times": 3})
    world.environment["PROVIDER_PROCESSING_SECONDS"] = "8"
    world.set_day("2026-03-02")
    schedule = world.schedule()
    world.pay()
    assert world.event(schedule).status == "unknown"
    world.transact(
        lambda s: s.execute(
            text(
                "UPDATE attempt SET next_at = now(), last_sent_at = now() - interval '60 s',"
                " first_sent_at = now() - interval '61 s'"
            )
        )
    )
    world.environment["CUTOFF_AT"] = "15:00"
    world.set_day("2026-03-02T15:00")
    first = world.service  # for the first one the hours are over, so it will ask
    slow = resolve._take(first)
    assert slow is not None
    assert slow.send_seconds is None
    world.set_day("2026-03-02T14:00")
    world.bank.faults({**SILENT, "commitAfterSeconds": 6, "hidden": True, "times": 3})
    with world.impatient():
        assert world.resolve() == 0  # the second one sends; the bank will pay within its processing time
    world.bank.clear_faults()
    assert resolve._resolve(first, slow) is False
    status = world.event(schedule).status
    world.environment.pop("CUTOFF_AT")
    world.set_day("2026-03-03")
    _until(lambda: len(list(world.bank.payments())) > 0)
    world.pay()
    assert len(list(world.bank.payments())) == 1
    assert status == "unknown"


def test_the_last_possible_send_is_not_noted_earlier_than_it_was(world: World) -> None:
    world.bank.faults({"fault": "hang", "seconds": 5, "commit": False, "times": 100})
    world.schedule()
    with world.impatient():
        world.pay()
        world.resolve()
    noted = world.transact(lambda s: s.scalar(text("SELECT extract(epoch FROM last_sent_at)::float FROM attempt")))
    sends = [row["receivedAt"] for row in world.bank.sends()]
    last = max(_seconds(value) for value in sends)
    assert noted >= last - 0.05, f"the last send came {last - noted:.2f} s after the noted one"


def _seconds(value: Any) -> float:
    return float(value) if isinstance(value, int | float) else datetime.fromisoformat(value).timestamp()


def test_the_resolver_sends_nothing_after_the_cut_off(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    noon = ZoneInfo(f"Etc/GMT{datetime.now(UTC).hour - 12:+d}")  # where it is about noon, at any hour
    real_time = dataclasses.replace(world.service.settings.business, frozen=None, zone=noon)
    now = business_now_of(world, real_time)
    minute = now.instant.astimezone(noon)
    clock = dataclasses.replace(real_time, cutoff_at=minute.hour * 60 + minute.minute + 2)
    world.set_day(now.today.isoformat(), lease_seconds=300)
    world.bank.faults({**SILENT, "times": 3})
    world.schedule()
    with world.impatient():
        world.pay()
    world.service.settings = dataclasses.replace(world.service.settings, business=clock)
    left = business_now_of(world, clock).seconds_to_cutoff
    began = time.monotonic()
    seen: list[float] = []
    real = world.service.gateway.make_payments

    def watched(payments: Any, *, last_start: float, **rest: Any) -> Any:
        seen.append(last_start - began)
        return real(payments, last_start=last_start, **rest)

    monkeypatch.setattr(world.service.gateway, "make_payments", watched)
    world.resolve()
    assert seen
    assert seen[0] <= left + 0.1, f"may send {seen[0] - left:.0f} s after the cut-off"


def business_now_of(world: World, clock: Any) -> Any:
    return world.transact(lambda s: business_now(s, clock))


def test_one_unknown_that_cannot_be_written_stops_no_other(world: World) -> None:
    world.bank.faults({"fault": "drop", "on": "single", "times": 9})
    schedules = world.schedules(3)
    world.pay()
    assert set(world.statuses()) == {"unknown"}
    for schedule in schedules:
        world.cancel(schedule)  # so that they are asked about
    world.transact(
        lambda s: s.execute(
            text("""UPDATE schedule SET status = 'active', rule = rule || '{"moonPhase": 3}' WHERE id = :id"""),
            {"id": schedules[0]},
        )
    )
    world.environment |= {"PROVIDER_KEY_WINDOW_SECONDS": "50", "PROVIDER_RECORD_SECONDS": "86400", **SHORT_LEASE}
    world.transact(lambda s: s.execute(text("UPDATE attempt SET first_sent_at = now() - interval '100 s'")))
    world.set_day("2026-03-02")
    with contextlib.suppress(ValueError):
        world.resolve()
    assert sorted(world.statuses()) == ["cancelled", "cancelled", "unknown"]


def test_a_round_of_the_resolver_is_spent_only_on_what_it_looked_at(world: World) -> None:
    world.bank.faults({"fault": "hang", "seconds": 5, "commit": False, "times": 1000})
    world.schedules(4)
    with world.impatient():
        world.pay()
    sends = world.bank.summary()["sends"]
    world.set_day("2026-03-02", lease_seconds=1)
    with world.impatient():
        world.resolve()
    rounds = world.transact(lambda s: s.scalar(text("SELECT count(*) FROM attempt WHERE asks > 0")))
    # Of what was sent last a slow bank may not have read all yet.
    _until(lambda: len({row["idempotencyKey"] for row in list(world.bank.sends())[sends:]}) >= rounds)
    assert rounds == len({row["idempotencyKey"] for row in list(world.bank.sends())[sends:]})


def _until(condition: Callable[[], bool], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_an_unknown_whose_rule_cannot_be_read_stays_open_until_it_can(world: World) -> None:
    world.bank.faults({"fault": "drop", "on": "single", "times": 3})
    schedule = world.schedule()
    world.pay()
    world.environment["CUTOFF_AT"] = "15:00"
    world.set_day("2026-03-02T15:00")  # the hours are over: it is asked about, and the bank knows nothing of it

    def change_rule(change: str) -> None:
        world.transact(lambda s: s.execute(text(f"UPDATE schedule SET rule = {change}")))

    change_rule("""rule || '{"moonPhase": 3}'""")
    assert world.resolve() == 0
    assert world.event(schedule).status == "unknown"
    change_rule("rule - 'moonPhase'")
    assert world.resolve() == 1
    assert world.event(schedule).status == "scheduled"
