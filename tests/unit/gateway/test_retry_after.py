"""Retry-After as providers send it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker_service.calling.retry_after import retry_after_seconds

NOON = "Fri, 25 Dec 2026 12:00:00 GMT"


def seconds(text: str, date: str | None = NOON) -> float | None:
    return retry_after_seconds({"Retry-After": text} | ({"Date": date} if date else {}), _no_clock)


def _no_clock() -> datetime:
    raise AssertionError("this host's clock was asked")


@pytest.mark.parametrize(("text", "expected"), [("0", 0), ("7", 7), (" 7 ", 7), ("300", 300), ("007", 7)])
def test_seconds_are_taken_as_they_are(text: str, expected: float) -> None:
    assert seconds(text) == expected


@pytest.mark.parametrize("text", ["301", "86400", "9" * 400, "Fri, 25 Dec 2099 12:00:00 GMT"])
def test_absurd_values_are_capped(text: str) -> None:
    assert seconds(text) == 300


@pytest.mark.parametrize("text", ["", "-1", "1.5", "soon", "1e3", "٣", "²", "7, 7", "\x00", "Fri, 99 Foo 2026"])
def test_garbage_and_negative_values_are_ignored(text: str) -> None:
    assert seconds(text) is None


def test_a_date_is_measured_against_the_answers_own_date() -> None:
    assert seconds("Fri, 25 Dec 2026 12:00:09 GMT") == 9
    assert seconds("Friday, 25-Dec-26 12:00:09 GMT") == 9
    assert seconds("Fri Dec 25 12:00:09 2026") == 9
    assert seconds("Fri, 25 Dec 2026 13:00:09 +0100") == 9


def test_a_date_that_has_passed_asks_for_no_wait() -> None:
    assert seconds("Fri, 25 Dec 2026 11:59:00 GMT") == 0


@pytest.mark.parametrize("date", ["yesterday", None])
def test_without_a_date_in_the_answer_this_hosts_clock_serves(date: str | None) -> None:
    headers = {"Retry-After": "Fri, 25 Dec 2026 12:00:09 GMT"} | ({"Date": date} if date else {})
    assert retry_after_seconds(headers, lambda: datetime(2026, 12, 25, 12, 0, 2, tzinfo=UTC)) == 7


def test_without_the_header_nothing_is_asked() -> None:
    assert retry_after_seconds({}) is None


@given(st.text() | st.text("0123456789-+:, GMTDecFri"), st.text() | st.just(NOON))
def test_no_header_raises_and_none_asks_for_more_than_the_cap(text: str, date: str) -> None:
    found = retry_after_seconds({"Retry-After": text, "Date": date})
    assert found is None or 0 <= found <= 300
