"""What a worker gives back of a schedule that was edited meanwhile (rules S4, C6)."""

from __future__ import annotations

from datetime import date

import pytest

from shared.db.parts import Claim
from shared.domain.edits import Overridden
from tests.edits import Edit, Subject, apply, cancel, change, edit_event, pause, resume, subject_of
from tests.integration.paydays.claiming import assert_one_a_date, batch_of, finish, send, take
from tests.world import World
from worker_service import pay
from worker_service.decisions import Decisions

TODAY = date(2026, 3, 2)
NEW_RULE = change(rule={"start_date": date(2026, 3, 10)})
NEW_RULE_FROM_TODAY = change(TODAY, rule={"start_date": date(2026, 3, 10)})

RETURNS: dict[str, tuple[list[Edit], tuple[str, str | None], int | None]] = {
    "cancelled": ([cancel], ("cancelled", "schedule_cancelled"), None),
    "another rule from its date on": ([NEW_RULE_FROM_TODAY], ("cancelled", "superseded"), None),
    "another rule from the next date on": ([NEW_RULE], ("scheduled", None), 2500),
    "another rule that keeps the date": ([change(rule={"frequency": "weekly"})], ("scheduled", None), 2500),
    "another amount": ([change(amount=3100)], ("scheduled", None), 3100),
    "another amount twice": ([change(amount=3100), change(amount=3200)], ("scheduled", None), 3200),
    "another amount from later on": ([change(date(2026, 4, 2), amount=3100)], ("scheduled", None), 2500),
    "another payee": ([change(payee_id="other")], ("scheduled", None), 2500),
    "another end": ([change(rule={"count": 1})], ("scheduled", None), 2500),
    "paused": ([pause(TODAY)], ("paused", None), None),
    "paused later": ([pause(date(2026, 3, 3))], ("scheduled", None), 2500),
    "paused with another amount": ([pause(TODAY), change(amount=3100)], ("paused", None), None),
    "paused and cancelled": ([pause(TODAY), cancel], ("cancelled", "schedule_cancelled"), None),
    "another rule and amount": (
        [change(rule={"frequency": "weekly"}), change(amount=3100)],
        ("scheduled", None),
        3100,
    ),
}


@pytest.mark.parametrize("key_used", [True, False], ids=["throttled", "released"])
@pytest.mark.parametrize("name", RETURNS)
def test_what_comes_back_becomes_what_its_schedule_says_now(world: World, name: str, key_used: bool) -> None:
    edits, expected, paid = RETURNS[name]
    subject = subject_of(world)
    claim = _claimed(world, subject)
    for edit in edits:
        apply(subject, edit)
    assert (subject.event().status, subject.event().amount) == ("processing", 2500)
    _give_back(world, claim, key_used=key_used)
    event = subject.event()
    assert ((event.status, event.cancel_reason), event.attempt) == (expected, 2 if key_used else 1)
    assert_one_a_date(subject)
    finish(world, subject, paid)


def test_what_was_edited_by_itself_keeps_its_own_terms_when_it_comes_back(world: World) -> None:
    subject = subject_of(world, before=edit_event(amount=4200, reference="mine"))
    claim = _claimed(world, subject)
    apply(subject, change(amount=3100, reference="theirs"))
    _give_back(world, claim, key_used=True)
    event = subject.event()
    assert (event.status, event.amount, event.reference) == ("scheduled", 4200, "mine")
    finish(world, subject, 4200)


def test_what_was_edited_by_itself_is_superseded_by_a_rule_without_its_date(world: World) -> None:
    subject = subject_of(world, before=edit_event(amount=4200))
    claim = _claimed(world, subject)
    apply(subject, NEW_RULE_FROM_TODAY)
    _give_back(world, claim, key_used=False)
    assert (subject.event().status, subject.event().cancel_reason) == ("cancelled", "superseded")
    finish(world, subject, None)


def test_what_came_back_into_a_pause_is_paid_with_the_terms_in_force_after_it(world: World) -> None:
    subject = subject_of(world)
    claim = _claimed(world, subject)
    pause_id = getattr(apply(subject, pause(TODAY)), "id")  # noqa: B009 - of a pause
    apply(subject, change(amount=3100))
    _give_back(world, claim, key_used=True)
    assert (subject.event().status, subject.event().amount) == ("paused", 3100)
    apply(subject._replace(pause_id=pause_id), resume)
    assert subject.event().status == "scheduled"
    finish(world, subject, 3100)
    assert world.counts("2026-03-02") == {"due": 1, "paid": 1}


def test_what_the_bank_throttled_is_paid_with_the_new_terms(world: World) -> None:
    world.bank.faults({"fault": "throttled", "times": 3})
    subject = subject_of(world)
    world.pay()
    apply(subject, change(amount=3100))
    assert subject.event().amount == 3100
    finish(world, subject, 3100)


def test_replacing_edited_events_leaves_a_claimed_one_alone(world: World) -> None:
    subject = subject_of(world, before=edit_event(amount=4200))
    claim = _claimed(world, subject)
    apply(subject, change(amount=3100, overridden=Overridden.REPLACE))
    assert (subject.event().status, subject.event().amount) == ("processing", 4200)
    send(world, [claim])
    finish(world, subject, 4200)


def _claimed(world: World, subject: Subject) -> Claim:
    batch_id = batch_of(world)
    assert batch_id is not None
    claim = world.transact(take(world, batch_id))
    assert claim is not None
    assert subject.event().status == "processing"
    return claim


def _give_back(world: World, claim: Claim, *, key_used: bool) -> None:
    ids = [event.id for event in claim.fresh]
    decisions = Decisions(key_used=ids) if key_used else Decisions(never_sent=ids)
    assert pay.settle_claim(world.service, claim, decisions) == 0
