"""What became of a payment is told in the transaction that decides it: once, and in the payer's own words (rule P4)."""

from __future__ import annotations

from datetime import date
from itertools import product
from operator import itemgetter
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from api_service.commands.pause_schedule import pause_schedule
from api_service.commands.resolve_event import resolve_event
from shared.db import attempts, outbox, proofs, runs, splitting
from shared.db.clock import business_now
from shared.db.parts import Claim
from shared.db.settle_statement import settle_statement
from shared.db.settlement import settle
from shared.db.verdicts import Verdict
from shared.domain.notices import NoticeType, Role
from tests.integration.notices.draining import by_type, drain, ids, rows
from tests.integration.notices.outbox import NOTIFIED, Notice
from tests.steps import send, take
from tests.world import World
from worker_service import pay
from worker_service.decisions import Decisions
from worker_service.ending import ending
from worker_service.extend import extend_through

POOR: dict[str, Any] = {"fault": "decline", "payerId": "payer-1", "code": "insufficient_funds"}
SILENT: dict[str, Any] = {"fault": "drop", "payerId": "payer-1", "times": 3}
REWORD = text("""
UPDATE event SET payer_id = :odd || 'payer', payee_id = :odd || 'payee', currency = :currency, amount = :amount,
  reference = :reference WHERE id = :id
""")
WORDS = 'Miete "März" \\ 家賃'
ODD = 'Über "5 £" \\ \t\x01\x7f 家賃'


def test_the_payments_of_a_part_stand_in_one_row_and_each_is_told_to_payer_and_payee(world: World) -> None:
    world.schedules(5)
    world.pay()
    (row,) = rows(world)
    assert (row.kind, row.date, row.ids, row.notices) == ("paid", date(2026, 3, 2), None, None)
    told = drain(world, most=4)
    assert sorted(ids(told)) == sorted(
        f"{event.id}.paid.{event.version}.{role}" for event in world.events() for role in ("payer", "payee")
    )


def test_a_payment_is_told_with_its_amount_its_dates_and_the_words_of_whoever_made_it(world: World) -> None:
    schedule = world.schedule(reference=WORDS, currency="JPY")
    world.pay()
    payer, payee = drain(world)
    event = world.event(schedule)
    assert payer == {
        "id": f"{event.id}.paid.3.payer",
        "type": "paid",
        "recipient": "payer",
        "role": "payer",
        "event": {
            "id": str(event.id),
            "scheduleId": str(schedule),
            "payerId": "payer",
            "payeeId": "payee",
            "amount": "2500",
            "currency": "JPY",
            "reference": WORDS,
            "date": "2026-03-02",
            "nominalDate": "2026-03-02",
            "status": "paid",
            "version": 3,
            "transactionId": str(event.transaction_id),
        },
    }
    told_payee = {"id": f"{event.id}.paid.3.payee", "recipient": "payee", "role": "payee"}
    assert payee == payer | told_payee


def test_payments_that_are_worded_late_read_as_if_they_were_written_down(world: World) -> None:
    """Whatever their amounts and words are, also those that no bank would take."""
    amounts = list(product(["GBP", "JPY", "BHD", "CLF"], [1, 99, 123_456_789], [None, "", ODD]))
    world.schedules(len(amounts))
    world.pay()
    events = world.events()
    terms = [
        {"id": event.id, "odd": ODD, "currency": currency, "amount": amount, "reference": reference}
        for event, (currency, amount, reference) in zip(events, amounts, strict=True)
    ]
    world.transact(lambda session: session.execute(REWORD, terms))
    derived = drain(world)
    world.transact(lambda s: outbox.tell_of_events(s, NoticeType.PAID, world.today, [event.id for event in events]))
    written = drain(world)
    assert len(written) == 2 * len(amounts)
    assert sorted(derived, key=itemgetter("id")) == sorted(written, key=itemgetter("id"))
    assert {notice["role"] for notice in derived} == {Role.PAYER, Role.PAYEE}


def test_a_decline_is_told_to_the_payer_alone_and_the_rest_of_its_part_is_paid(world: World) -> None:
    world.bank.faults(POOR)
    world.schedules(5)
    world.pay()
    told = drain(world)
    assert len(by_type(told, "paid")) == 8
    (failed,) = by_type(told, "failed")
    assert (failed["recipient"], failed["role"]) == ("payer-1", "payer")
    assert failed["event"]["failure"] == "not enough money in the account"
    assert (failed["event"]["willRetry"], failed["event"]["retryOn"]) == (False, None)
    assert "payer-1" not in {notice["recipient"] for notice in by_type(told, "paid")}


def test_each_decline_of_a_retry_is_a_fact_of_its_own_and_a_payment_at_last_too(world: World) -> None:
    world.bank.faults(POOR)
    world.schedule(payer="payer-1", retry_days=[1, 3])
    world.pay()
    (first,) = drain(world)
    assert (first["event"]["willRetry"], first["event"]["retryOn"]) == (True, "2026-03-03")
    world.set_day("2026-03-03")
    world.pay()
    (second,) = drain(world)
    assert second["event"]["retryOn"] == "2026-03-05"
    assert second["id"] != first["id"]
    world.bank.clear_faults()
    for day in ("2026-03-04", "2026-03-05"):
        world.set_day(day)
        world.pay()
    assert rows(world)[0].ids is not None
    assert [notice["type"] for notice in drain(world)] == ["paid", "paid"]


def test_a_batch_that_was_paid_in_two_goes_tells_nothing_twice(world: World) -> None:
    for payer in ("payer-0", "payer-3"):
        world.bank.faults({"fault": "throttled", "payerId": payer, "times": 3})
    world.schedules(4)
    world.pay()
    first = drain(world)
    world.end_waiting()
    world.pay()
    second = drain(world)
    assert (len(first), len(second)) == (4, 4)
    assert not {*ids(first)} & {*ids(second)}


def test_what_was_carried_is_named_one_by_one(world: World) -> None:
    world.schedules(3)
    world.tick()
    world.set_day("2026-03-03")
    world.pay()
    (row,) = rows(world)
    assert len(row.ids) == 3
    assert len(drain(world)) == 6


def test_who_lost_its_batch_tells_nothing(world: World) -> None:
    world.schedules(2)
    (batch,) = world.tick()
    slow = take(world.service, batch.id)
    assert slow is not None
    world.expire_leases()
    assert take(world.service, batch.id) is not None
    verdicts = {event.id: Verdict("paid", None, "ref") for event in slow.fresh[:1]}
    verdicts |= {event.id: Verdict("failed", "blocked") for event in slow.fresh[1:]}
    assert _settle(world, slow, verdicts) == 0
    assert rows(world) == []


def _settle(world: World, claim: Claim, verdicts: dict[str, Verdict]) -> int:
    return world.transact(lambda session: settle(session, claim, verdicts, provider="default"))


def test_a_settlement_that_is_rolled_back_told_nothing(world: World) -> None:
    world.schedules(2)
    (batch,) = world.tick()
    claim = take(world.service, batch.id)
    assert claim is not None
    decisions = send(world.service, claim)
    with world.service.sessions() as session:
        left = ending(world.service.settings, claim, decisions, room=False)
        assert pay.settle_part(world.service.settings, session, claim, decisions, left) == 2
        assert session.scalar(text("SELECT count(*) FROM outbox")) == 1
        session.rollback()
    assert rows(world) == []


def test_where_nobody_is_told_nothing_piles_up_and_the_statement_is_as_it_was(database_url: str, world: World) -> None:
    world.bank.faults(POOR)
    silent = World.__new__(World)
    silent.__dict__ |= world.__dict__
    silent.environment = {name: value for name, value in world.environment.items() if name not in NOTIFIED}
    silent.set_day("2026-03-02")
    silent.schedules(3)
    silent.pay()
    silent.set_day("2026-03-09")
    silent.pay()
    assert sorted(silent.statuses()) == ["failed", "paid", "paid"]
    assert rows(silent) == []
    declined = {"id": Verdict("failed", "blocked")}
    assert "outbox" not in settle_statement("true", True, declined).text
    assert "e.payee_id, e.reference" not in settle_statement("true", False, declined).text


def _unknown(world: World) -> UUID:
    """The event of payer-1, of which the bank has not said what became of it; two others were paid."""
    world.bank.faults(SILENT)
    world.schedules(3)
    world.pay()
    world.bank.clear_faults()
    (event,) = [event for event in world.events() if event.status == "unknown"]
    return event.id


def test_a_payment_that_is_known_before_its_part_was_told_has_the_same_notices_either_way(world: World) -> None:
    """Its part's row stands for it as well, once it is paid: a receiver tells by the id that it is the same."""
    unknown = _unknown(world)
    assert len(rows(world)) == 1
    assert world.resolve() == 1
    told = drain(world)
    own = [notice for notice in told if notice["event"]["id"] == str(unknown)]
    by_id: dict[str, list[Notice]] = {}
    for notice in own:
        by_id.setdefault(notice["id"], []).append(notice)
    (event,) = [event for event in world.events() if event.id == unknown]
    assert sorted(by_id) == [f"{unknown}.paid.{event.version}.payee", f"{unknown}.paid.{event.version}.payer"]
    assert all(notice == same[0] for same in by_id.values() for notice in same)
    assert len({*ids(told)}) == 6


def test_a_payment_that_is_known_after_its_part_was_told_is_told_by_itself(world: World) -> None:
    unknown = _unknown(world)
    before = drain(world)
    assert str(unknown) not in {notice["event"]["id"] for notice in before}
    world.resolve()
    assert [(notice["event"]["id"], notice["role"]) for notice in drain(world)] == [
        (str(unknown), "payer"),
        (str(unknown), "payee"),
    ]


@pytest.mark.parametrize(("outcome", "roles"), [("paid", ["payer", "payee"]), ("failed", ["payer"])])
def test_what_a_person_says_of_an_unknown_payment_is_told(world: World, outcome: str, roles: list[str]) -> None:
    unknown = _unknown(world)
    drain(world)
    provider_ref = "ref" if outcome == "paid" else None
    world.command(resolve_event, event_id=unknown, provider_ref=provider_ref, reason="asked")
    told = drain(world)
    assert [(notice["type"], notice["role"]) for notice in told] == [(outcome, role) for role in roles]
    if outcome == "failed":
        assert told[0]["event"]["failure"] == "the bank confirmed that the payment was not made"
        assert told[0]["event"]["willRetry"] is False


def test_what_is_missed_together_is_told_in_one_row(world: World) -> None:
    world.schedules(3, pay_late=0)
    world.tick()
    world.set_day("2026-03-03")
    world.tick()
    (row,) = rows(world)
    assert (row.kind, len(row.ids)) == ("missed", 3)
    told = drain(world, most=2)
    assert {notice["type"] for notice in told} == {"missed"}
    assert ids(told) == [f"{event.id}.missed.{event.version}.payer" for event in world.events()]
    assert sorted(notice["recipient"] for notice in told) == ["payer-0", "payer-1", "payer-2"]
    assert {notice["event"]["status"] for notice in told} == {"missed"}


def test_a_retry_whose_days_are_over_is_told_as_a_decline_for_good(world: World) -> None:
    world.bank.faults(POOR)
    world.schedule(payer="payer-1", retry_days=[1], pay_late=1)
    world.pay()
    (first,) = drain(world)
    world.set_day("2026-03-05")
    world.pay()
    (second,) = drain(world)
    assert (first["event"]["willRetry"], second["event"]["willRetry"]) == (True, False)
    assert second["event"]["failure"] == "not enough money in the account"
    assert first["id"] != second["id"]


def _given_back(world: World, days_later: int = 0) -> list[Notice]:
    """What is told when a claimed event comes back, so many days later."""
    (batch,) = world.tick()
    claim = take(world.service, batch.id)
    assert claim is not None
    if not days_later:
        world.cancel(world.events()[0].schedule_id)
    drain(world)
    world.set_day(f"2026-03-{2 + days_later:02}")
    assert pay.settle_claim(world.service, claim, Decisions(never_sent=[claim.fresh[0].id])) == 0
    return drain(world)


def test_what_comes_back_to_a_cancelled_schedule_is_told_as_cancelled(world: World) -> None:
    world.schedule()
    (told,) = _given_back(world)
    assert (told["type"], told["event"]["cancelReason"]) == ("cancelled", "schedule_cancelled")


def test_what_comes_back_too_late_is_told_as_missed(world: World) -> None:
    world.schedule(pay_late=1)
    (told,) = _given_back(world, days_later=2)
    assert (told["type"], told["event"]["status"]) == ("missed", "missed")


def test_what_comes_back_into_a_pause_is_told_as_paused(world: World) -> None:
    """The pause spoke of what was open then; this was with the bank, and may have been told of as unknown."""
    unknown = _unknown(world)
    (event,) = [event for event in world.events() if event.id == unknown]
    drain(world)
    asked = {"payer_id": None, "from_date": world.today, "until_date": None}
    world.command(pause_schedule, schedule_id=event.schedule_id, **asked)
    assert [notice["type"] for notice in drain(world)] == ["paused"]
    assert _never_paid(world) is True
    (told,) = drain(world)
    assert (told["id"], told["type"]) == (f"{unknown}.paused.{event.version + 1}.payer", "paused")
    assert told["event"]["status"] == "paused"


def _never_paid(world: World) -> bool:
    """The bank says of the payment that is unknown that it never made it."""

    def work(session: Session) -> bool:
        session.execute(text("UPDATE attempt SET next_at = now()"))
        attempt = attempts.take_due(session, provider="default", held_seconds=60)
        assert attempt is not None
        gate = runs.enter(session, business_now(session, world.service.settings.business), attempt.event_date)
        return proofs.never_paid(session, gate, attempt, again=True)

    return world.transact(work)


def test_what_just_waits_again_is_no_news(world: World) -> None:
    world.bank.faults({"fault": "throttled", "times": 3})
    world.schedule()
    world.pay()
    assert world.statuses() == ["scheduled"]
    assert rows(world) == []


def test_what_is_extended_too_late_is_told_as_missed(world: World) -> None:
    """Nobody extended it for weeks, and the runs of its dates are closed."""
    world.schedule(frequency="daily", pay_late=5)
    world.transact(lambda session: session.execute(text("UPDATE schedule SET extend_on = '2099-01-01'")))
    world.set_day("2026-04-11")
    for _ in range(2):
        world.pay()
    before = {event.id for event in world.events()}
    drain(world)
    world.transact(lambda session: session.execute(text("UPDATE schedule SET extend_on = '2026-03-02'")))
    extend_through(world.service, world.today)
    missed = [event for event in world.events() if event.id not in before and event.status == "missed"]
    assert missed
    assert sorted(ids(drain(world))) == sorted(f"{event.id}.missed.1.payer" for event in missed)


def test_what_is_quarantined_is_told_as_failed_in_words_of_no_programmer(world: World) -> None:
    world.schedule()
    (batch,) = world.tick()
    claim = take(world.service, batch.id)
    assert claim is not None
    (event,) = world.events()
    world.transact(lambda s: s.execute(text("UPDATE event SET status = 'scheduled', first_sent_at = NULL")))
    alone = claim.__class__(claim.batch_id, claim.run_date, claim.epoch, claim.span._replace(ids=[event.id]), 60.0)
    world.transact(lambda session: splitting.split(session, alone, provider="default"))
    (told,) = drain(world)
    assert (told["type"], told["event"]["failure"]) == ("failed", "the payment could not be sent to the bank")
    assert told["event"]["version"] == world.events()[0].version
