"""The outcome of a key is the outcome of all its sends (rules K3, K5)."""

from __future__ import annotations

import pytest

from shared.domain.payments import Outcome, OutcomeKind, outcome_after

AMBIGUOUS, THROTTLED, NOT_SENT = OutcomeKind.AMBIGUOUS, OutcomeKind.THROTTLED, OutcomeKind.NOT_SENT


@pytest.mark.parametrize("kind", list(OutcomeKind))
def test_a_first_send_speaks_for_itself(kind: OutcomeKind) -> None:
    assert outcome_after(None, Outcome(kind)).kind is kind


@pytest.mark.parametrize("kind", [NOT_SENT, THROTTLED, OutcomeKind.MISCONFIGURED, AMBIGUOUS])
def test_after_an_ambiguous_send_only_a_proven_answer_counts(kind: OutcomeKind) -> None:
    assert outcome_after(Outcome(AMBIGUOUS), Outcome(kind)).kind is AMBIGUOUS


@pytest.mark.parametrize("earlier", [AMBIGUOUS, THROTTLED, NOT_SENT])
@pytest.mark.parametrize("kind", [OutcomeKind.PAID, OutcomeKind.DECLINED])
def test_a_proven_answer_always_counts(earlier: OutcomeKind, kind: OutcomeKind) -> None:
    assert outcome_after(Outcome(earlier), Outcome(kind)).kind is kind


@pytest.mark.parametrize("earlier", [THROTTLED, OutcomeKind.MISCONFIGURED])
def test_not_sent_does_not_undo_a_send_that_was_refused(earlier: OutcomeKind) -> None:
    assert outcome_after(Outcome(earlier), Outcome(NOT_SENT)).kind is earlier


def test_an_ambiguous_send_after_a_refused_one_is_ambiguous() -> None:
    assert outcome_after(Outcome(THROTTLED), Outcome(AMBIGUOUS)).kind is AMBIGUOUS


def test_a_refusal_of_our_set_up_after_an_ambiguous_send_still_alerts() -> None:
    assert outcome_after(Outcome(AMBIGUOUS), Outcome(OutcomeKind.MISCONFIGURED, alert=True)).alert
