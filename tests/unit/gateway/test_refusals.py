"""When what we send is refused payment after payment."""

from __future__ import annotations

from worker_service.gateway.refusals import Refusals


def test_the_fiftieth_in_a_row_with_one_code_is_too_many() -> None:
    refusals = Refusals()
    assert [refusals.heard("field_invalid") for _ in range(50)] == [False] * 49 + [True]


def test_after_that_they_are_counted_anew() -> None:
    refusals = Refusals()
    assert [refusals.heard("field_invalid") for _ in range(100)].count(True) == 2


def test_any_other_proven_answer_starts_the_count_again() -> None:
    refusals = Refusals()
    heard = [refusals.heard(code) for code in (["field_invalid"] * 49 + [None]) * 3]
    assert not any(heard)


def test_another_code_starts_a_count_of_its_own() -> None:
    refusals = Refusals()
    heard = [refusals.heard(code) for code in ["field_invalid"] * 49 + ["payee_invalid"] * 50]
    assert heard == [False] * 98 + [True]
