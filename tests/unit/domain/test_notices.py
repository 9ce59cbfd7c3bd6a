"""When a receiver that does not answer hears of it again, and in whose words a payment failed."""

from __future__ import annotations

from itertools import pairwise
from string import ascii_lowercase

import pytest

from shared.domain.notices import (
    ANY_FAILURE,
    FAILURES,
    JITTER,
    RETRY_SECONDS,
    NoticeType,
    wait_seconds,
)
from shared.domain.payments import SOFT_DECLINES
from shared.domain.retries import NO_DECLINE
from shared.suspension import AT_ONCE

MINUTE, HOUR = 60.0, 3600.0
AS_PROMISED = [MINUTE, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 12 * HOUR, 24 * HOUR]


def test_calls_are_repeated_after_a_minute_to_a_day_and_then_no_more() -> None:
    assert [wait_seconds(failed, chance=0.0) for failed in range(1, 8)] == [*AS_PROMISED, None]
    assert wait_seconds(1000, chance=0.0) is None


@pytest.mark.parametrize("failed", range(1, len(RETRY_SECONDS) + 1))
def test_waits_differ_by_chance_and_are_never_shorter(failed: int) -> None:
    waits = [wait_seconds(failed, chance=tenth / 10) or 0 for tenth in range(11)]
    assert waits[0] == AS_PROMISED[failed - 1]
    assert waits[-1] == pytest.approx(AS_PROMISED[failed - 1] * (1 + JITTER))
    assert all(earlier < later for earlier, later in pairwise(waits))


@pytest.mark.parametrize(
    ("retry_after", "waits"), [(None, MINUTE), (0.0, MINUTE), (5.0, MINUTE), (HOUR, HOUR), (1e12, 24 * HOUR)]
)
def test_a_receiver_may_ask_for_a_longer_wait_of_a_day_at_most(retry_after: float | None, waits: float) -> None:
    assert wait_seconds(1, chance=0.0, retry_after=retry_after) == waits


def test_who_asks_for_a_wait_is_not_tried_more_often() -> None:
    assert wait_seconds(len(RETRY_SECONDS) + 1, chance=0.0, retry_after=5.0) is None


def test_every_failure_has_words_of_the_payers() -> None:
    assert FAILURES.keys() >= {*SOFT_DECLINES, *AT_ONCE, *NO_DECLINE}
    for words in (*FAILURES.values(), ANY_FAILURE):
        assert set(words) <= {*ascii_lowercase, " ", "'"}  # neither a code's underscore nor what JSON would escape
    assert len({*FAILURES.values(), ANY_FAILURE}) == len(FAILURES) + 1


def test_types_are_what_was_promised_to_payers() -> None:
    promised = "upcoming paid failed unknown missed changed paused suspended cancelled"
    assert [str(type_) for type_ in NoticeType] == promised.split()
