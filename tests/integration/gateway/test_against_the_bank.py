"""The gateway's outcomes against the sandbox bank's own journal, in every mode, with faults of every kind at once."""

from __future__ import annotations

from collections import Counter

import pytest
from gateway_scenes import MakeGateway, make_payments, soon

from shared.domain.payments import AnswerKind, OutcomeKind
from tests.bank import BankProcess

NEVER_PAID = {OutcomeKind.NOT_SENT, OutcomeKind.THROTTLED, OutcomeKind.MISCONFIGURED, OutcomeKind.DECLINED}
FAULTS: list[dict[str, object]] = [
    {"fault": "server_error", "share": 0.05},
    {"fault": "server_error", "share": 0.05, "commit": True},
    {"fault": "drop", "share": 0.05},
    {"fault": "drop", "share": 0.05, "commit": True, "how": "rst"},
    {"fault": "throttled", "share": 0.05},
    {"fault": "truncated", "share": 0.05},
    {"fault": "wrong_json", "share": 0.05},
    {"fault": "oversized", "share": 0.02},
    {"fault": "redirect", "share": 0.02},
    {"fault": "decline", "share": 0.05, "code": "blocked"},
    {"fault": "wrong_amount", "share": 0.02, "amount": "25.01"},
    {"fault": "wrong_key", "share": 0.02},
    {"fault": "error", "share": 0.05, "commit": True},
]


@pytest.mark.parametrize("batch_size", [1, 10])
@pytest.mark.parametrize("mode", ["key", "enquiry", "none"])
def test_what_the_gateway_concludes_is_what_the_bank_did(open_gateway: MakeGateway, mode: str, batch_size: int) -> None:
    payments = make_payments(150)
    with BankProcess("--mode", mode, "--seed", "7", faults=FAULTS) as bank:
        gateway = open_gateway(bank.url, mode=mode, batch_size=batch_size, concurrency=16)
        outcomes = gateway.make_payments(payments, last_start=soon()).outcomes
        effective = Counter((row["idempotencyKey"], row["amount"]) for row in bank.payments())
    assert outcomes.keys() == {one.key for one in payments}
    kinds = Counter(outcome.kind for outcome in outcomes.values())
    assert min(kinds[OutcomeKind.PAID], kinds[OutcomeKind.AMBIGUOUS], kinds[OutcomeKind.DECLINED]) > 0
    assert max(effective.values()) == 1
    for one in payments:
        times, kind = effective[one.key, one.amount], outcomes[one.key].kind
        assert not (kind is OutcomeKind.PAID and times == 0), one.key
        assert not (kind in NEVER_PAID and times == 1), one.key


def test_a_bank_that_ignores_keys_makes_the_same_check_fail(open_gateway: MakeGateway) -> None:
    """The control: resending in `key` mode is right only because the provider honours the key."""
    faults = [{"fault": "ignore_key"}, {"fault": "drop", "commit": True, "nth": 1}]
    with BankProcess(faults=faults) as bank:
        open_gateway(bank.url).make_payments(make_payments(20), last_start=soon())
        effective = Counter(row["idempotencyKey"] for row in bank.payments())
    assert max(effective.values()) > 1


def test_what_was_ambiguous_is_known_once_asked(open_gateway: MakeGateway) -> None:
    paid, lost = make_payments(2)
    faults = [
        {"fault": "drop", "payerId": paid.payer_id, "commit": True},
        {"fault": "drop", "payerId": lost.payer_id},
    ]
    with BankProcess("--mode", "enquiry", faults=faults) as bank:
        gateway = open_gateway(bank.url, mode="enquiry")
        outcomes = gateway.make_payments([paid, lost], last_start=soon()).outcomes
        answers = [gateway.ask(one.key, one.amount).kind for one in (paid, lost)]
    assert {outcome.kind for outcome in outcomes.values()} == {OutcomeKind.AMBIGUOUS}
    assert answers == [AnswerKind.PAID, AnswerKind.NOT_FOUND]
