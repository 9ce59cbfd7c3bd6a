"""Edits of one schedule, and its extension, that come at once (rules S3, S4, S12)."""

from __future__ import annotations

import threading
from datetime import date

import pytest
from sqlalchemy import text

from shared.domain.errors import Conflict
from tests.edits import Edit, Subject, apply, cancel, change, edit_event, pause, skip, subject_of
from tests.integration.paydays.claiming import assert_closes, assert_one_a_date, republished
from tests.integration.paydays.racing import overlap, together
from tests.world import World
from worker_service.extend import extend_through

TODAY, LATER = date(2026, 3, 2), date(2026, 4, 20)
NEW_RULE = change(rule={"start_date": date(2026, 3, 10)})

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
    failures = overlap(world, first(raced), second(raced))
    apply(calm, first)
    refused: list[BaseException] = []
    try:
        apply(calm, second)
    except Conflict as error:
        refused.append(error)
    assert [str(failure) for failure in failures] == [str(failure) for failure in refused]
    assert _events(raced) == _events(calm)
    assert_one_a_date(raced)
    world.pay(republished(world))
    assert_closes(world)


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

    together([extend, amend] if extension_first else [amend, extend], failures)
    assert failures == []
    apply(calm, edit)
    extend_through(world.service, TODAY)
    assert _events(subject) == _events(calm)
    assert_one_a_date(subject)


def _events(subject: Subject) -> list[tuple[object, ...]]:
    return sorted(
        (event.nominal_date, event.date, event.amount, event.status, event.cancel_reason or "", event.sequence)
        for event in subject.world.events(subject.schedule_id)
    )
