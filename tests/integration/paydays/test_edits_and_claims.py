"""Each edit against the claim of today's event: whoever commits first wins, and nothing is paid twice (S4, C6)."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import date
from typing import NamedTuple

import pytest

from shared.db.parts import Claim
from shared.domain.errors import Conflict
from tests.edits import Edit, Subject, apply, cancel, change, edit_event, pause, restore, resume, skip, subject_of
from tests.integration.paydays.claiming import batch_of, finish, send, take
from tests.integration.paydays.racing import overlap, together
from tests.world import World

TODAY, LATER = date(2026, 3, 2), date(2026, 4, 20)
NEW_RULE = change(rule={"start_date": date(2026, 3, 10)})


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
    batch_id = batch_of(world)
    taken: list[Claim | None] = []
    if batch_id is None:  # nothing of it is due before the edit
        apply(subject, case.edit)
    else:
        failures = overlap(world, case.edit(subject), lambda session: taken.append(take(world, batch_id)(session)))
        assert failures == []
        send(world, [claim for claim in taken if claim is not None])
    finish(world, subject, case.paid_if_first)


@pytest.mark.parametrize("name", CASES)
def test_a_claim_that_commits_before_the_edit_wins(world: World, name: str) -> None:
    case = CASES[name]
    subject = subject_of(world, before=case.before)
    batch_id = batch_of(world)
    taken: list[Claim | None] = []
    if batch_id is None:
        apply(subject, case.edit)
    else:
        failures = overlap(world, lambda session: taken.append(take(world, batch_id)(session)), case.edit(subject))
        assert [type(failure) for failure in failures] == ([Conflict] if case.refused else [])
        if case.before is None:
            assert taken[0] is not None
            assert subject.event().status == "processing"
        send(world, [claim for claim in taken if claim is not None])
    finish(world, subject, case.paid_if_second)


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

    together([edit(subjects[:3]), edit(subjects[3:]), work], failures)
    assert failures == []
    for subject in subjects:
        allowed = {case.paid_if_first, case.paid_if_second}
        finish(world, subject, *allowed)
