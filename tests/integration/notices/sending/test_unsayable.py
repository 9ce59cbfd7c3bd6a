"""A row that cannot be told is its own trouble: those behind it are told, and it waits, is given up and is shown."""

from __future__ import annotations

import pytest

from shared.db import outbox_list
from shared.db.audit import OPERATOR
from tests.integration.notices.sending.outbox import calls, execute, facts, pass_time, rows, tries
from tests.receiver import ReceiverProcess
from tests.world import World
from worker_service.tell import tell_due

FACTS = "INSERT INTO outbox (kind, notices) VALUES ('facts', :notices)"
GONE = """
INSERT INTO outbox (kind, batch_id, date, first_id, last_id)
VALUES ('paid', 1, '2019-01-01', gen_random_uuid(), 'ffffffff-ffff-ffff-ffff-ffffffffffff')
"""
UNKNOWN = (
    "ALTER TABLE outbox DROP CONSTRAINT outbox_kind_is_known, DROP CONSTRAINT outbox_paid_by_a_batch",
    "INSERT INTO outbox (kind, date) VALUES ('later', '2026-03-02')",
)
BROKEN = (  # wording it raises in the database
    "ALTER TABLE outbox ALTER first_id TYPE text USING first_id::text",
    "INSERT INTO outbox (kind, date, first_id, last_id) VALUES ('upcoming', '2026-03-02', 'no id', gen_random_uuid())",
)


def poison(world: World, kind: str) -> str:
    """Puts such a row in the outbox; what is said of it."""
    if kind == "unknown":
        for statement in UNKNOWN:
            execute(world, statement)
        return "its kind is not known: later"
    if kind == "raising":
        for statement in BROKEN:
            execute(world, statement)
        return "not worded: InvalidTextRepresentation"
    if kind == "gone":
        execute(world, GONE)
        return "its payments are not in the database"
    execute(world, FACTS, notices={"no JSON": ['{"id":'], "no object": ["7"], "none": [None]}[kind])
    return "a notice is no object" if kind == "no object" else "a notice is not JSON"


@pytest.mark.parametrize("kind", ["no JSON", "no object", "none", "gone", "unknown", "raising"])
def test_a_row_that_cannot_be_worded_keeps_nobody_back(
    world: World, receiver: ReceiverProcess, capfd: pytest.CaptureFixture[str], kind: str
) -> None:
    world.schedules(2)
    if kind == "raising":
        execute(world, "DELETE FROM outbox")
    reason = poison(world, kind)
    told = facts(world, 3, 500, 2)
    assert tell_due(world.service) == len(told)
    assert sorted(receiver.ids()) == sorted(told)
    (row,) = rows(world)
    assert (row.state, row.tries, row.last_error) == ("waiting", 1, reason)
    for _ in range(6):
        pass_time(world)
        told += facts(world, 1)
        assert tell_due(world.service) == 1
    (row,) = rows(world)
    assert (row.state, row.tries, row.last_error) == ("dead", 7, reason)
    assert rows(world, "SELECT * FROM receiver") == []
    alerts = [line for line in "".join(capfd.readouterr()).splitlines() if "alert" in line]
    assert len(alerts) == 1
    assert reason in alerts[0]


@pytest.mark.parametrize("kind", ["no JSON", "gone", "unknown"])
def test_it_is_listed_and_sent_again_once_it_is_mended(world: World, receiver: ReceiverProcess, kind: str) -> None:
    reason = poison(world, kind)
    for _ in range(7):
        tell_due(world.service)
        pass_time(world)
    (row,) = world.transact(lambda session: outbox_list.listed(session, whole=False))
    assert (row.state, row.last_error, row.tries) == ("dead", reason, 7)
    assert row.type == {"no JSON": outbox_list.UNREADABLE, "gone": "paid", "unknown": "later"}[kind]
    assert calls(receiver) == 0
    if kind == "no JSON":
        mended = ['{"id":"a.failed.1.payer","type":"failed","recipient":"a","role":"payer"}']
        execute(world, "UPDATE outbox SET notices = :notices", notices=mended)
        world.transact(lambda session: outbox_list.replay(session, OPERATOR, None))
        assert tell_due(world.service) == 1


def test_one_that_is_put_together_with_others_is_taken_out(world: World, receiver: ReceiverProcess) -> None:
    told = facts(world, 2)
    poison(world, "no JSON")
    told += facts(world, 3)
    assert tell_due(world.service) == 5
    assert receiver.ids() == told
    assert (tries(world), calls(receiver)) == ([1], 1)
