"""Each edit against the claim of today's event: whoever commits first wins, and nothing is paid twice (S4, C6)."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import date
from typing import Any, NamedTuple

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from shared.db import claims
from shared.db.claims import Claim
from shared.domain.edits import Overridden
from shared.domain.errors import Conflict
from tests.edits import (
    Edit,
    Subject,
    Work,
    apply,
    cancel,
    change,
    edit_event,
    pause,
    restore,
    resume,
    skip,
    subject_of,
)
from tests.world import World
from worker_service import pay
from worker_service.decisions import Decisions, decide
from worker_service.extend import extend_through

TODAY, LATER = date(2026, 3, 2), date(2026, 4, 20)
NEW_RULE = change(rule={"start_date": date(2026, 3, 10)})
NEW_RULE_FROM_TODAY = change(TODAY, rule={"start_date": date(2026, 3, 10)})


class Case(NamedTuple):
    """An edit; what is paid today if it is first, and if the claim is; whether it is refused then."""

    edit: Edit
    paid_if_first: int | None
    paid_if_second: int | None = 2500
    refused: bool = False
    before: Edit | None = None


CASES: dict[str, Case] = {
    "amount": Case(change(amount=3100), 3100),
    "rule": Case(NEW_RULE, None),
    "rule with today": Case(change(rule={"frequency": "weekly"}), 2500),
    "bounds": Case(change(rule={"count": 3}), 2500),
    "end": Case(change(rule={"count": None, "end_date": date(2026, 5, 2)}), 2500),
    "event amount": Case(edit_event(amount=4200), 4200, refused=True),
    "event date in another month": Case(edit_event(date=LATER), None, refused=True),
    "event date tomorrow": Case(edit_event(date=date(2026, 3, 3)), None, refused=True),
    "skip": Case(skip, None, refused=True),
    "restore": Case(restore, 2500, 2500, before=skip),
    "pause": Case(pause(TODAY), None),
    "resume": Case(resume, 2500, 2500, before=pause(TODAY)),
    "cancel": Case(cancel, None),
}


@pytest.mark.parametrize("name", CASES)
def test_an_edit_that_commits_before_the_claim_wins(world: World, name: str) -> None:
    case = CASES[name]
    subject = subject_of(world, before=case.before)
    batch_id = _batch_of(world)
    taken: list[Claim | None] = []
    if batch_id is None:  # nothing of it is due before the edit
        apply(subject, case.edit)
    else:
        failures = _overlap(world, case.edit(subject), lambda session: taken.append(_take(world, batch_id)(session)))
        assert failures == []
        _send(world, [claim for claim in taken if claim is not None])
    _finish(world, subject, case.paid_if_first)


@pytest.mark.parametrize("name", CASES)
def test_a_claim_that_commits_before_the_edit_wins(world: World, name: str) -> None:
    case = CASES[name]
    subject = subject_of(world, before=case.before)
    batch_id = _batch_of(world)
    taken: list[Claim | None] = []
    if batch_id is None:
        apply(subject, case.edit)
    else:
        failures = _overlap(world, lambda session: taken.append(_take(world, batch_id)(session)), case.edit(subject))
        assert [type(failure) for failure in failures] == ([Conflict] if case.refused else [])
        if case.before is None:
            assert taken[0] is not None
            assert subject.event().status == "processing"
        _send(world, [claim for claim in taken if claim is not None])
    _finish(world, subject, case.paid_if_second)


@pytest.mark.parametrize("name", CASES)
def test_an_edit_and_workers_that_start_together_agree_on_what_is_paid(world: World, name: str) -> None:
    case = CASES[name]
    subjects = [subject_of(world, payer=f"payer-{number}", before=case.before) for number in range(6)]
    batches = world.tick()
    start, failures = threading.Barrier(3), list[BaseException]()

    def edit(mine: list[Subject]) -> Callable[[], None]:
        def run() -> None:
            start.wait()
            for subject in mine:
                try:
                    apply(subject, case.edit)
                except Conflict:
                    assert case.refused

        return run

    def work() -> None:
        start.wait()
        world.pay(batches)

    _together([edit(subjects[:3]), edit(subjects[3:]), work], failures)
    assert failures == []
    for subject in subjects:
        allowed = {case.paid_if_first, case.paid_if_second}
        _finish(world, subject, *allowed)


PAIRS: dict[str, tuple[Edit, Edit]] = {
    "amount and amount": (change(amount=3100), change(amount=3200)),
    "amount and rule": (change(amount=3100), NEW_RULE),
    "rule and rule": (NEW_RULE, change(rule={"frequency": "weekly"})),
    "bounds and bounds": (change(rule={"count": 3}), change(rule={"count": 9})),
    "skip and event amount": (skip, edit_event(amount=4200)),
    "skip and skip": (skip, skip),
    "move and amount": (edit_event(date=LATER), change(amount=3100)),
    "move and skip": (edit_event(date=LATER), skip),
    "pause and cancel": (pause(TODAY), cancel),
    "pause and rule": (pause(TODAY), NEW_RULE),
    "cancel and event amount": (cancel, edit_event(amount=4200)),
}


@pytest.mark.parametrize("turned", [False, True], ids=["", "turned"])
@pytest.mark.parametrize("name", PAIRS)
def test_two_edits_of_one_schedule_follow_each_other(world: World, name: str, turned: bool) -> None:
    first, second = reversed(PAIRS[name]) if turned else PAIRS[name]
    raced, calm = subject_of(world, payer="raced"), subject_of(world, payer="calm")
    world.tick()
    failures = _overlap(world, first(raced), second(raced))
    apply(calm, first)
    refused: list[BaseException] = []
    try:
        apply(calm, second)
    except Conflict as error:
        refused.append(error)
    assert [str(failure) for failure in failures] == [str(failure) for failure in refused]
    assert _events(raced) == _events(calm)
    _assert_one_a_date(raced)
    world.pay(_republished(world))
    _assert_closes(world)


@pytest.mark.parametrize("extension_first", [True, False])
@pytest.mark.parametrize(
    "edit",
    [change(amount=3100), change(rule={"frequency": "weekly"}), change(rule={"count": 40}), pause(TODAY), cancel],
    ids=["amount", "rule", "bounds", "pause", "cancel"],
)
def test_an_edit_and_an_extension_leave_no_gap_and_no_double(world: World, edit: Edit, extension_first: bool) -> None:
    subject = subject_of(world, count=None)
    calm = subject_of(world, payer="calm", count=None)
    world.transact(lambda session: session.execute(text("UPDATE schedule SET extend_on = DATE '2026-03-02'")))
    failures: list[BaseException] = []
    start = threading.Barrier(2)

    def amend() -> None:
        start.wait()
        apply(subject, edit)

    def extend() -> None:
        start.wait()
        extend_through(world.service, TODAY)

    _together([extend, amend] if extension_first else [amend, extend], failures)
    assert failures == []
    apply(calm, edit)
    extend_through(world.service, TODAY)
    assert _events(subject) == _events(calm)
    _assert_one_a_date(subject)


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
    _assert_one_a_date(subject)
    _finish(world, subject, paid)


def test_what_was_edited_by_itself_keeps_its_own_terms_when_it_comes_back(world: World) -> None:
    subject = subject_of(world, before=edit_event(amount=4200, reference="mine"))
    claim = _claimed(world, subject)
    apply(subject, change(amount=3100, reference="theirs"))
    _give_back(world, claim, key_used=True)
    event = subject.event()
    assert (event.status, event.amount, event.reference) == ("scheduled", 4200, "mine")
    _finish(world, subject, 4200)


def test_what_was_edited_by_itself_is_superseded_by_a_rule_without_its_date(world: World) -> None:
    subject = subject_of(world, before=edit_event(amount=4200))
    claim = _claimed(world, subject)
    apply(subject, NEW_RULE_FROM_TODAY)
    _give_back(world, claim, key_used=False)
    assert (subject.event().status, subject.event().cancel_reason) == ("cancelled", "superseded")
    _finish(world, subject, None)


def test_what_came_back_into_a_pause_is_paid_with_the_terms_in_force_after_it(world: World) -> None:
    subject = subject_of(world)
    claim = _claimed(world, subject)
    pause_id = getattr(apply(subject, pause(TODAY)), "id")  # noqa: B009 - of a pause
    apply(subject, change(amount=3100))
    _give_back(world, claim, key_used=True)
    assert (subject.event().status, subject.event().amount) == ("paused", 3100)
    apply(subject._replace(pause_id=pause_id), resume)
    assert subject.event().status == "scheduled"
    _finish(world, subject, 3100)
    assert world.counts("2026-03-02") == {"due": 1, "paid": 1}


def test_what_the_bank_throttled_is_paid_with_the_new_terms(world: World) -> None:
    world.bank.faults({"fault": "throttled", "times": 3})
    subject = subject_of(world)
    world.pay()
    apply(subject, change(amount=3100))
    assert subject.event().amount == 3100
    _finish(world, subject, 3100)


def test_replacing_edited_events_leaves_a_claimed_one_alone(world: World) -> None:
    subject = subject_of(world, before=edit_event(amount=4200))
    claim = _claimed(world, subject)
    apply(subject, change(amount=3100, overridden=Overridden.REPLACE))
    assert (subject.event().status, subject.event().amount) == ("processing", 4200)
    _send(world, [claim])
    _finish(world, subject, 4200)


def _batch_of(world: World) -> int | None:
    batches = world.tick()
    return batches[0].id if batches else None


def _take(world: World, batch_id: int) -> Callable[[Session], Claim | None]:
    clock = world.service.settings.business
    return lambda session: claims.take(session, batch_id, worker="test", lease_seconds=120, clock=clock)


def _claimed(world: World, subject: Subject) -> Claim:
    batch_id = _batch_of(world)
    assert batch_id is not None
    claim = world.transact(_take(world, batch_id))
    assert claim is not None
    assert subject.event().status == "processing"
    return claim


def _give_back(world: World, claim: Claim, *, key_used: bool) -> None:
    ids = [event.id for event in claim.fresh]
    decisions = Decisions(key_used=ids) if key_used else Decisions(never_sent=ids)
    assert pay.settle_claim(world.service, claim, decisions) == 0


def _send(world: World, taken: list[Claim]) -> None:
    """What a worker does with its claim."""
    for claim in taken:
        payments = [pay.payment_of(event) for event in claim.fresh]
        results = world.service.gateway.make_payments(payments, last_start=time.monotonic() + 5)
        pay.settle_claim(world.service, claim, decide(claim, payments, results))


def _overlap(world: World, first: Work, second: Work) -> list[BaseException]:
    """Commits `first` only when `second` waits for one of its locks, or is through; what `second` raised."""
    done, failures = threading.Event(), list[BaseException]()

    def late() -> None:
        try:
            world.transact(second)
        except BaseException as error:  # noqa: BLE001 - what it was is for the test to say
            failures.append(error)
        finally:
            done.set()

    thread = threading.Thread(target=late)
    with world.service.sessions.begin() as session:
        first(session)
        session.flush()
        pid = session.scalar(text("SELECT pg_backend_pid()"))
        thread.start()
        until = time.monotonic() + 10
        while not done.is_set() and not _blocks(world, pid):
            assert time.monotonic() < until
            time.sleep(0.005)
    thread.join()
    return failures


def _blocks(world: World, pid: int) -> bool:
    query = text("SELECT EXISTS (SELECT FROM pg_stat_activity WHERE :pid = ANY(pg_blocking_pids(pid)))")
    return bool(world.transact(lambda session: session.scalar(query, {"pid": pid})))


def _together(works: list[Callable[[], None]], failures: list[BaseException]) -> None:
    def guarded(work: Callable[[], None]) -> None:
        try:
            work()
        except BaseException as error:  # noqa: BLE001 - a thread's failure is the test's
            failures.append(error)

    threads = [threading.Thread(target=guarded, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _republished(world: World) -> list[Any]:
    world.end_waiting()
    world.transact(lambda session: session.execute(text("UPDATE batch SET published_at = NULL")))
    return world.tick()


def _finish(world: World, subject: Subject, *allowed: int | None) -> None:
    """Pays what is left of today; what was paid of the first event is one of `allowed`, as the event says itself."""
    for _ in range(2):
        world.pay(_republished(world))
    event = subject.event()
    amounts = [row.amount for row in world.transactions() if row.event_id == event.id]
    later = [row for row in world.transactions() if row.schedule_id == subject.schedule_id]
    assert len(later) <= 1
    assert (later[0].amount if later else None) in allowed
    if amounts:
        assert (event.status, amounts) == ("paid", [event.amount])
    _assert_one_a_date(subject)
    _assert_closes(world)


def _assert_closes(world: World) -> None:
    world.set_day("2026-03-03")
    world.tick()
    run = world.run("2026-03-02")
    assert run is not None
    assert (run.status, run.off) == ("closed", None)
    world.assert_books_agree("2026-03-02")
    world.assert_paid_once()


def _assert_one_a_date(subject: Subject) -> None:
    """A nominal date has at most one live event (rule S3)."""
    events = subject.world.events(subject.schedule_id)
    live = [event.nominal_date for event in events if event.status != "cancelled"]
    assert len(live) == len(set(live))


def _events(subject: Subject) -> list[tuple[object, ...]]:
    return sorted(
        (event.nominal_date, event.date, event.amount, event.status, event.cancel_reason or "", event.sequence)
        for event in subject.world.events(subject.schedule_id)
    )
