"""The life cycle is one table."""

from __future__ import annotations

from shared.domain import lifecycle
from shared.domain.lifecycle import TRANSITIONS, EventStatus, may_follow


def test_every_status_has_its_row_and_its_paragraph() -> None:
    assert set(TRANSITIONS) == set(EventStatus)
    assert all(f"\n{status} " in f"\n{lifecycle.__doc__}" for status in EventStatus)


def test_paid_and_missed_are_the_end() -> None:
    ends = {status for status in EventStatus if not TRANSITIONS[status]}
    assert ends == {EventStatus.PAID, EventStatus.MISSED}


def test_nothing_becomes_paid_but_by_a_claim_or_a_proof() -> None:
    sources = {before for before in EventStatus if may_follow(before, EventStatus.PAID)}
    assert sources == {EventStatus.PROCESSING, EventStatus.UNKNOWN, EventStatus.FAILED}


def test_nothing_is_sent_but_what_was_scheduled_or_waits_for_its_retry() -> None:
    sources = {before for before in EventStatus if may_follow(before, EventStatus.PROCESSING)}
    assert sources == {EventStatus.SCHEDULED, EventStatus.FAILED}
