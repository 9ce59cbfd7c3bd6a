"""What is due reaches the receiver, in bodies that it may refuse, and is told again until it has it."""

from __future__ import annotations

import pytest

from shared.db import outbox_claims, outbox_list, receivers
from shared.db.audit import OPERATOR
from tests.integration.notices.sending.outbox import calls, execute, facts, notify, pass_time, rows, seconds_left, tries
from tests.receiver import ReceiverProcess
from tests.world import World
from worker_service.tell import tell_due


def test_a_payment_is_told_to_its_payer_and_its_payee_and_the_row_goes(world: World, receiver: ReceiverProcess) -> None:
    world.schedules(3)
    assert world.pay() == 3
    assert tell_due(world.service) == 6
    assert rows(world) == []
    summary = receiver.summary()
    assert summary["byType"] == {"paid": {"payer": 3, "payee": 3}}
    assert (summary["calls"], summary["badSignatures"]) == (1, 0)
    assert len(set(receiver.ids())) == 6
    assert tell_due(world.service) == 0


def test_small_rows_are_told_together_and_large_ones_in_bodies_of_500(world: World, receiver: ReceiverProcess) -> None:
    ids = facts(world, *[1] * 40, 1700, *[3] * 10, 490, 20, 500)
    assert tell_due(world.service) == len(ids)
    assert sorted(receiver.ids()) == sorted(ids)
    assert rows(world) == []
    assert calls(receiver) <= len(ids) // 500 + 4


def test_a_row_that_was_refused_is_told_alone_later_and_the_others_at_once(
    world: World, receiver: ReceiverProcess
) -> None:
    facts(world, 2, 3)
    receiver.fault(status=422, times=1)
    assert tell_due(world.service) == 0
    facts(world, 4)
    assert tell_due(world.service) == 4
    assert [(row.tries, row.last_error) for row in rows(world)] == [(1, "422"), (1, "422")]
    assert all(60 <= seconds <= 72 for seconds in seconds_left(world))
    pass_time(world)
    assert tell_due(world.service) == 5
    assert calls(receiver) == 4
    assert rows(world) == []


def test_an_error_of_the_receiver_ends_the_round_and_spares_what_was_not_tried(
    world: World, receiver: ReceiverProcess
) -> None:
    facts(world, 500, 500, 500)
    receiver.fault(status=500)
    assert tell_due(world.service) == 0
    assert tell_due(world.service) == 0
    assert (tries(world), calls(receiver)) == ([1, 0, 0], 1)
    assert rows(world)[0].last_error == "500"
    receiver.heal()
    pass_time(world)
    assert tell_due(world.service) == 1500
    assert rows(world) == []
    (known,) = rows(world, "SELECT failures, wait_until FROM receiver")
    assert (known.failures, known.wait_until) == (0, None)


def test_a_receiver_that_is_away_is_called_ever_more_rarely_up_to_half_a_minute(
    world: World, receiver: ReceiverProcess
) -> None:
    facts(world, 1)
    receiver.kill()
    waits = []
    for _ in range(7):
        assert tell_due(world.service) == 0
        (found,) = rows(world, "SELECT extract(epoch FROM wait_until - clock_timestamp())::float AS s FROM receiver")
        waits.append(round(found.s))
        pass_time(world)
    assert waits == [1, 2, 4, 8, 16, 30, 30]
    (row,) = rows(world)
    assert (row.state, row.tries, row.last_error) == ("dead", 7, "not reached: ConnectionRefusedError")


def test_hours_of_absence_lose_nothing_and_each_row_waits_by_its_own_tries(
    world: World, receiver: ReceiverProcess
) -> None:
    world.schedules(5)
    world.pay()
    receiver.kill()
    expected = [60, 300, 1800, 7200, 43_200, 86_400]
    for wait in expected:
        tell_due(world.service)
        assert wait <= seconds_left(world)[0] <= 1.2 * wait + 1
        pass_time(world)
    receiver.restart()
    assert tell_due(world.service) == 10
    assert receiver.summary()["byType"] == {"paid": {"payer": 5, "payee": 5}}


@pytest.mark.parametrize(("status", "asked"), [(429, 7200), (503, 7200), (429, 5)])
def test_a_wait_that_is_asked_for_holds_for_the_row_and_for_everybody(
    world: World, receiver: ReceiverProcess, status: int, asked: int
) -> None:
    facts(world, 500, 1)
    receiver.fault(status=status, retryAfter=asked, times=1)
    assert tell_due(world.service) == 0
    assert tell_due(world.worker()) == 0
    assert calls(receiver) == 1
    assert seconds_left(world)[0] == pytest.approx(max(asked, 66), abs=8)
    (found,) = rows(world, "SELECT extract(epoch FROM wait_until - clock_timestamp())::float AS s FROM receiver")
    assert found.s == pytest.approx(asked, abs=2)


def test_a_wait_of_a_day_ends_when_an_operator_says_so(world: World, receiver: ReceiverProcess) -> None:
    facts(world, 500, 7)
    receiver.fault(status=503, retryAfter=10**9, times=1)
    assert tell_due(world.service) == 0
    assert tell_due(world.service) == 0
    assert world.transact(lambda session: outbox_list.replay(session, OPERATOR, None)) == 0
    assert tell_due(world.service) == 7


def test_a_receiver_that_wants_no_more_gets_no_more(
    world: World, receiver: ReceiverProcess, capfd: pytest.CaptureFixture[str]
) -> None:
    facts(world, 500)
    facts(world, 1)
    receiver.fault(status=410)
    assert tell_due(world.service) == 0
    receiver.heal()
    world.schedules(2)
    world.pay()
    pass_time(world)
    for service in (world.service, world.worker()):
        assert tell_due(service) == 0
    assert calls(receiver) == 1
    assert [(row.state, row.tries, row.last_error) for row in rows(world)[:2]] == [
        ("dead", 1, "410 gone"),
        ("waiting", 0, None),
    ]
    said = "".join(capfd.readouterr())
    assert said.count("receiver of notices wants no more") == 1
    assert said.count("receiver of notices is in trouble") == 0


def test_one_with_another_address_is_told_what_waits(
    world: World, receiver: ReceiverProcess, database_url: str
) -> None:
    facts(world, 500)
    facts(world, 7)
    receiver.fault(status=410)
    tell_due(world.service)
    with ReceiverProcess() as other:
        notify(world, url=other.url)
        assert tell_due(world.service) == 7
        assert other.summary()["badSignatures"] == 0


def test_refusals_in_a_row_are_no_matter_of_their_content(world: World, receiver: ReceiverProcess) -> None:
    facts(world, *[500] * 30)
    receiver.fault(status=404)
    assert tell_due(world.service) == 0
    assert calls(receiver) == 10
    assert tell_due(world.service) == 0
    assert calls(receiver) == 10
    waits = []
    for _ in range(3):
        execute(world, "UPDATE receiver SET wait_until = clock_timestamp()")
        assert tell_due(world.service) == 0
        (found,) = rows(world, "SELECT extract(epoch FROM wait_until - clock_timestamp())::float AS s FROM receiver")
        waits.append(round(found.s))
    assert (calls(receiver), waits) == (13, [2, 4, 8])


def test_refusals_count_however_few_there_are_at_once(world: World, receiver: ReceiverProcess) -> None:
    receiver.fault(status=401)
    for _ in range(9):
        facts(world, 1)
        assert tell_due(world.service) == 0
    assert rows(world, "SELECT failures FROM receiver") == []
    facts(world, 1)
    assert tell_due(world.service) == 0
    (known,) = rows(world, "SELECT failures, wait_until > clock_timestamp() AS waits FROM receiver")
    assert (known.failures, known.waits) == (1, True)


def test_what_follows_a_refused_body_in_its_row_is_told(world: World, receiver: ReceiverProcess) -> None:
    ids = facts(world, 1200)
    receiver.fault(status=400, times=1)
    assert tell_due(world.service) == 700
    assert receiver.ids() == ids[500:]
    (row,) = rows(world)
    assert (len(row.notices), row.tries, row.last_error) == (500, 1, "400")
    pass_time(world)
    assert tell_due(world.service) == 500
    assert sorted(receiver.ids()) == sorted(ids)
    assert rows(world) == []


def test_what_follows_a_refused_body_of_a_settled_batch_is_told(world: World, receiver: ReceiverProcess) -> None:
    world.schedules(600)
    world.pay()
    assert tell_due(world.service, most=1) == 500
    receiver.fault(status=400, times=1)
    assert tell_due(world.service) == 200
    (row,) = rows(world)
    assert (row.kind, row.tries, seconds_left(world)[0] > 55) == ("paid", 1, True)
    pass_time(world)
    assert tell_due(world.service) == 500
    assert receiver.summary()["byType"] == {"paid": {"payer": 600, "payee": 600}}
    assert receiver.summary()["notices"] == 1200


def test_partly_told_rows_go_on_where_they_stood(world: World, receiver: ReceiverProcess) -> None:
    ids = facts(world, 1200)
    assert tell_due(world.service, most=1) == 500
    receiver.fault(status=500, times=1)
    assert tell_due(world.service) == 0
    (row,) = rows(world)
    assert (len(row.notices), row.tries) == (700, 1)
    pass_time(world)
    assert tell_due(world.service) == 700
    assert receiver.ids() == ids


def test_a_range_shrinks_by_what_was_told(world: World, receiver: ReceiverProcess) -> None:
    world.schedules(600)
    world.pay()
    assert tell_due(world.service, most=1) == 500
    receiver.kill()
    tell_due(world.service)
    receiver.restart()
    pass_time(world)
    assert tell_due(world.service) == 700
    assert len(receiver.ids()) == len(set(receiver.ids())) == 1200


def test_a_fact_does_not_wait_behind_a_days_payments_nor_they_behind_facts(
    world: World, receiver: ReceiverProcess
) -> None:
    world.schedules(1200)
    world.pay()
    waiting = len(rows(world))
    (failed,) = facts(world, 1)
    assert tell_due(world.service, most=2) == 501
    assert failed in receiver.ids()
    told = facts(world, *[500] * 4)
    assert tell_due(world.service, most=4) == 2000
    summary = receiver.summary()
    assert summary["byType"] == {"failed": {"payer": 501}, "paid": {"payer": 1000, "payee": 1000}}
    assert waiting > 1
    assert len(told) == 2000


def test_what_is_no_longer_to_come_is_told_to_nobody(world: World, receiver: ReceiverProcess) -> None:
    schedules = world.schedules(3)
    (first, *_, last) = sorted(event.id for event in world.events())
    insert = "INSERT INTO outbox (kind, date, first_id, last_id) VALUES ('upcoming', :day, :first, :last)"
    values = {"day": world.today, "first": first, "last": last}
    execute(world, insert, **values)
    for schedule in schedules:
        world.cancel(schedule)
    execute(world, "DELETE FROM outbox WHERE kind = 'facts'")
    assert tell_due(world.service) == 0
    assert (rows(world), calls(receiver)) == ([], 0)


def test_what_another_sender_has_taken_over_is_left_to_it(world: World) -> None:
    facts(world, 3)
    mine = world.transact(lambda session: outbox_claims.take(session, lease_seconds=60))
    pass_time(world)
    theirs = world.transact(lambda session: outbox_claims.take(session, lease_seconds=60))
    assert mine is not None
    assert theirs is not None
    world.transact(lambda session: outbox_claims.failed(session, mine.parts, "500", None))
    world.transact(lambda session: outbox_claims.accepted(session, mine, 1))
    assert [(row.state, row.tries) for row in rows(world)] == [("waiting", 0)]
    world.transact(lambda session: outbox_claims.accepted(session, theirs, 1))
    assert rows(world) == []


def test_one_sender_alone_finds_out_whether_a_receiver_is_back(world: World, receiver: ReceiverProcess) -> None:
    facts(world, 500, 1)
    receiver.fault(status=500, times=1)
    assert tell_due(world.service) == 0
    pass_time(world)
    url = receiver.url
    assert world.transact(lambda session: receivers.call_alone(session, url, seconds=60))
    assert not world.transact(lambda session: receivers.call_alone(session, url, seconds=60))
    assert tell_due(world.service) == 0
    assert calls(receiver) == 1
    pass_time(world)
    assert tell_due(world.service) == 501


def test_a_receiver_that_failed_and_is_told_nothing_is_free_for_the_next(
    world: World, receiver: ReceiverProcess
) -> None:
    facts(world, 1)
    receiver.fault(status=500, times=1)
    assert tell_due(world.service) == 0
    execute(world, "UPDATE receiver SET wait_until = clock_timestamp()")
    assert tell_due(world.service) == 0
    pass_time(world)
    assert tell_due(world.service) == 1


def test_where_nobody_is_told_nothing_is_sent(world: World, receiver: ReceiverProcess) -> None:
    facts(world, 1)
    assert tell_due(world.worker(notify=None)) == 0
    assert calls(receiver) == 0
