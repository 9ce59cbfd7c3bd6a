"""`payday notices`: dead letters seen, and sent again."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

import pytest

from tests.integration.cli.command import Finished, Payday, assert_refused
from tests.integration.notices.sending.outbox import facts, pass_time, rows
from tests.receiver import ReceiverProcess
from tests.world import World, worlds
from worker_service.tell import tell_due

Notices = Callable[..., Finished]


@pytest.fixture
def receiver() -> Iterator[ReceiverProcess]:
    with ReceiverProcess() as receiver:
        yield receiver


@pytest.fixture
def world(database_url: str, receiver: ReceiverProcess) -> Iterator[World]:
    yield from worlds(database_url, NOTIFY_URL=receiver.url, NOTIFY_SECRET=receiver.secret)


@pytest.fixture
def notices(payday_inside: Payday, world: World) -> Notices:
    return lambda *words: payday_inside("notices", *words, DATABASE_URL=world.environment["DATABASE_URL"])


@pytest.fixture
def dead(world: World, receiver: ReceiverProcess) -> list[str]:
    """Two rows that the receiver, which is gone, will not have, and a batch that waits; the ids of the notices."""
    ids = facts(world, 2, 1)
    receiver.fault(status=410)
    tell_due(world.service)
    receiver.heal()
    world.schedules(3)
    world.pay()
    return ids


def test_dead_letters_are_listed_with_what_they_are_and_why(notices: Notices, dead: list[str], world: World) -> None:
    found = json.loads(notices("list", "--json").stdout)
    assert (found["dead"], found["waiting"]) == (2, 1)
    assert found["receiverGoneSince"].endswith("Z")
    first, second = rows(world)[:2]
    assert [(row["id"], row["type"], row["left"], row["tries"], row["lastError"]) for row in found["rows"]] == [
        (first.id, "failed", 2, 1, "410 gone"),
        (second.id, "failed", 1, 1, "410 gone"),
    ]
    shown = notices("list")
    assert shown.returncode == 0
    assert "2 dead letters, 1 waiting" in shown.stdout
    assert "(410)" in shown.stdout
    assert dead[0] not in shown.stdout


def test_what_waits_is_listed_when_asked(notices: Notices, dead: list[str]) -> None:
    *_, waiting = json.loads(notices("list", "--all", "--json").stdout)["rows"]
    assert (waiting["state"], waiting["type"], waiting["date"], waiting["left"], waiting["tries"]) == (
        "waiting",
        "paid",
        "2026-03-02",
        6,
        0,
    )
    assert waiting["nextAt"] >= waiting["since"]
    assert "paid 2026-03-02" in notices("list", "--all").stdout
    assert len(dead) == 3


def test_dead_letters_that_are_replayed_reach_a_receiver_that_had_gone(
    notices: Notices, dead: list[str], world: World, receiver: ReceiverProcess
) -> None:
    assert tell_due(world.service) == 0
    assert notices("replay", "--all").stdout == "2 dead letters will be sent again\n"
    assert [row.tries for row in rows(world)] == [0, 0, 0]
    assert tell_due(world.service) == 9
    assert set(dead) < set(receiver.ids())
    assert notices("list").stdout == "0 dead letters, 0 waiting\n"
    (audited,) = rows(world, "SELECT actor, action, subject_id, after FROM audit WHERE subject = 'outbox'")
    assert tuple(audited)[:3] == ("operator", "outbox.replayed", "all")
    assert (audited.after["count"], audited.after["receiverIsCalledAgain"]) == (2, True)
    assert notices("replay", "--all").stdout == "0 dead letters will be sent again\n"
    assert len(rows(world, "SELECT FROM audit WHERE subject = 'outbox'")) == 1


def test_one_dead_letter_is_replayed_alone(notices: Notices, dead: list[str], world: World) -> None:
    first, second, *_ = rows(world)
    assert notices("replay", str(second.id)).stdout == "1 dead letter will be sent again\n"
    assert [row.state for row in rows(world)] == ["dead", "waiting", "waiting"]
    assert rows(world, "SELECT after ->> 'rows' FROM audit WHERE subject = 'outbox'") == [(f"[{second.id}]",)]
    pass_time(world)
    assert tell_due(world.service) == 7
    assert [row.id for row in rows(world)] == [first.id]
    assert len(dead) == 3


def test_an_id_that_is_none_is_named_and_nothing_is_changed(notices: Notices, dead: list[str], world: World) -> None:
    first, _, waiting = rows(world)
    assert_refused(
        notices("replay", str(first.id), "987654"), "no dead letter has the id 987654", "payday notices list"
    )
    assert_refused(notices("replay", str(waiting.id)), f"no dead letter has the id {waiting.id}")
    assert [row.state for row in rows(world)] == ["dead", "dead", "waiting"]
    assert tell_due(world.service) == 0
    assert len(dead) == 3


def test_replaying_needs_to_be_told_what(notices: Notices, world: World) -> None:
    assert_refused(notices("replay"), "--all")
    assert_refused(notices("replay", "1", "--all"), "--all")
    for text in ("0", "-1", "x", "٣", "9" * 19, "1.5"):
        assert notices("replay", text).returncode == 2
    assert rows(world) == []


def test_a_database_that_is_away_is_said(payday_inside: Payday) -> None:
    assert_refused(payday_inside("notices", "list", DATABASE_URL="postgresql://127.0.0.1:1/none"), "DATABASE_URL")
