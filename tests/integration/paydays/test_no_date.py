"""A rule that never comes to a date is refused, by the same name wherever it is asked for."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from shared.domain.errors import Invalid
from tests.edits import apply, change, subject_of
from tests.world import World


@pytest.mark.parametrize(
    ("asked", "pointer"),
    [
        ({"start": "9999-12-31", "frequency": "WkInMnthDay:05:01"}, "/frequency"),
        ({"frequency": "QtrDay:ENGLISH", "end_date": date(2026, 3, 20)}, "/endDate"),
    ],
)
def test_a_new_schedule_without_any_date_is_refused(world: World, asked: dict[str, Any], pointer: str) -> None:
    with pytest.raises(Invalid) as refused:
        world.schedule(**asked)
    assert [problem.pointer for problem in refused.value.problems] == [pointer]


def test_a_new_rule_that_never_comes_to_a_date_is_refused(world: World) -> None:
    subject = subject_of(world, frequency="halfYearly", start="2026-12-31", count=None)
    before = [(event.nominal_date, event.status) for event in world.events(subject.schedule_id)]
    second = before[1][0]
    with pytest.raises(Invalid) as refused:
        apply(subject, change(second, rule={"interval": 2, "month_end": "skip"}))
    assert [problem.pointer for problem in refused.value.problems] == ["/frequency"]
    assert [(event.nominal_date, event.status) for event in world.events(subject.schedule_id)] == before
