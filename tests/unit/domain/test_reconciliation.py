"""What one key shows, whatever the rows are."""

from __future__ import annotations

import random
import tracemalloc
from collections import Counter
from uuid import UUID

import pytest

from shared.domain.lifecycle import EventStatus
from shared.domain.listed import Listed, Unreadable, read_listed
from shared.domain.reconciliation import Booked, Kind, compare, compare_key, differing
from shared.spool import Spool

PAID = Booked("k1", 1, str(UUID(int=1)), "2026-03-02", 1, "paid", "payer", "payee", 2500, "GBP", "pay_1")
ROW = Listed("k1", "pay_1", "payer", "payee", 2500, "GBP", "succeeded", 0.0)
DECLINED = ROW._replace(status="declined", payment_id="")
FAILED = PAID._replace(status="failed", provider_ref=None)


def kinds(booked: Booked, *rows: Listed) -> list[Kind]:
    return [finding.kind for finding in compare_key(booked, rows)]


@pytest.mark.parametrize(
    ("booked", "rows", "shown"),
    [
        (PAID, [ROW], [Kind.AGREED]),
        (PAID, [], [Kind.NOT_THERE]),
        (PAID, [DECLINED], [Kind.NOT_THERE]),
        (PAID, [DECLINED, ROW], [Kind.AGREED]),
        (PAID, [ROW._replace(status="processing", payment_id="")], [Kind.NOT_THERE]),
        (PAID, [ROW, ROW._replace(payment_id="pay_2")], [Kind.AGREED, Kind.KEY_TWICE]),
        (PAID, [ROW._replace(payment_id="pay_2"), ROW], [Kind.AGREED, Kind.KEY_TWICE]),
        (PAID, [ROW._replace(payment_id="pay_2")], [Kind.OTHER_TERMS]),
        (PAID._replace(attempt=2), [ROW], [Kind.CONFIRMED]),
        (PAID._replace(attempt=2, provider_ref="pay_2"), [ROW], [Kind.SECOND_KEY]),
        (PAID._replace(attempt=2), [], []),
        (FAILED, [], []),
        (FAILED, [DECLINED], []),
        (FAILED, [ROW], [Kind.PAID_THERE]),
        (FAILED, [ROW, ROW._replace(payment_id="pay_2")], [Kind.PAID_THERE, Kind.KEY_TWICE]),
    ],
)
def test_what_the_rows_of_a_key_show(booked: Booked, rows: list[Listed], shown: list[Kind]) -> None:
    assert kinds(booked, *rows) == shown


@pytest.mark.parametrize("status", list(EventStatus))
def test_only_what_awaits_this_key_is_proven_by_it(status: EventStatus) -> None:
    booked = FAILED._replace(status=str(status))
    awaited = status in (EventStatus.PROCESSING, EventStatus.UNKNOWN)
    if status != EventStatus.PAID:
        assert kinds(booked, ROW) == [Kind.PROVEN if awaited else Kind.PAID_THERE]
    assert (kinds(booked, DECLINED) == [Kind.PROVEN]) == awaited
    if awaited:
        assert kinds(booked._replace(attempt=2), ROW) == [Kind.PAID_THERE]
        assert kinds(booked._replace(attempt=2), DECLINED) == []
        assert kinds(booked._replace(amount=2600), ROW) == [Kind.OTHER_TERMS]


def test_what_differs_is_named() -> None:
    other = Listed("k1", "pay_2", "a", "b", 1, "EUR", "succeeded", 0.0)
    assert differing(PAID, other) == ("paymentId", "payerId", "payeeId", "amount", "currency")
    assert differing(PAID, ROW) == ()


def test_rows_nobody_knows_are_handed_on_without_the_unpaid_and_the_repeated() -> None:
    [(rows, findings)] = compare([], [ROW, DECLINED, ROW, ROW._replace(payment_id="pay_2")])
    assert len(rows) == 3
    assert [(finding.kind, finding.booked) for finding in findings] == [(Kind.UNBOOKED, None)] * 2


def test_a_transaction_says_more_than_an_attempt_that_was_open_when_it_was_read() -> None:
    still_open = FAILED._replace(status="unknown")
    for ours in ([PAID, still_open], [still_open, PAID]):
        [(_, [finding])] = compare(ours, [ROW])
        assert (finding.kind, finding.booked) == (Kind.AGREED, PAID)


def test_a_spool_gives_back_all_of_a_key_in_one_chunk_in_its_order() -> None:
    dice = random.Random(7)
    rows = [(f"key-{dice.randrange(300)}", number) for number in range(5000)]
    with Spool(16) as spool:
        for key, number in rows:
            spool.add(key, (key, number, "é\n"))
        chunks = [[(row[0], row[1]) for row in spool.chunk(number)] for number in range(spool.chunks)]
    assert sorted(row for chunk in chunks for row in chunk) == sorted(rows)
    places = Counter(key for chunk in chunks for key in {key for key, _ in chunk})
    assert set(places.values()) == {1}
    assert all(
        [n for key, n in chunk if key == name] == [n for key, n in rows if key == name]
        for chunk in chunks
        for name in {key for key, _ in chunk}
    )
    assert max(map(len, chunks)) < 1000


FIELDS = {
    "idempotencyKey": "k1",
    "paymentId": "pay_1",
    "payerId": "payer",
    "payeeId": "payee",
    "amount": "25.00",
    "currency": "GBP",
    "status": "succeeded",
    "executedAt": "1970-01-01T00:00:00Z",
}


def test_a_row_is_read() -> None:
    assert read_listed(FIELDS) == ROW
    declined = {**FIELDS, "paymentId": None, "status": "declined", "code": "account_closed"}
    assert read_listed(declined) == DECLINED._replace(code="account_closed")
    assert read_listed({**FIELDS, "executedAt": "1970-01-01T02:00:00.5+02:00"}).executed_at == 0.5


@pytest.mark.parametrize("name", list(FIELDS))
@pytest.mark.parametrize("value", [None, "", 7, True, [], "\x00", "\ud800", "x" * 300, "\n"])
def test_rubbish_in_a_field_is_named_and_not_repeated(name: str, value: object) -> None:
    with pytest.raises(Unreadable, match=f"^{name}: ") as refused:
        read_listed({**FIELDS, name: value})
    assert not isinstance(value, str) or len(value) < 300 or value not in str(refused.value)


def test_a_code_that_is_none_spoils_no_row() -> None:
    assert read_listed({**FIELDS, "code": "\x00"}).code is None


def test_twenty_thousand_payments_are_never_in_memory_at_once() -> None:
    tracemalloc.start()
    try:
        with Spool() as ours, Spool() as theirs:
            for number in range(20_000):
                ours.add(f"k{number}", PAID._replace(key=f"k{number}"))
                theirs.add(f"k{number}", ROW._replace(key=f"k{number}"))
            shown = Counter(
                finding.kind
                for number in range(ours.chunks)
                for _, findings in compare(
                    (Booked(*row) for row in ours.chunk(number)), (Listed(*row) for row in theirs.chunk(number))
                )
                for finding in findings
            )
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert shown == {Kind.AGREED: 20_000}
    assert peak < 8_000_000  # of which 4 MB are the files' buffers; all rows at once are 30 MB
