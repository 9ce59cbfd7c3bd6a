"""A batch entry is read the same whether it is written plainly or not."""

from __future__ import annotations

import json

from hypothesis import given, settings
from hypothesis import strategies as st

from deploy.local.bank.payments import Payment, Rejected
from deploy.local.bank.reading import Malformed, read_batch, read_single

_TEXTS = st.one_of(st.text(max_size=40), st.text(alphabet='abcXYZ019"\\{}[], ', max_size=40))
_AMOUNTS = st.one_of(st.sampled_from(["25.00", "0.00", "1", "1e3", "999999999999999.99", "01.00"]), _TEXTS)
_ENTRIES = st.fixed_dictionaries(
    {
        "idempotencyKey": st.one_of(st.uuids().map(str), _TEXTS),
        "payerId": st.one_of(st.just("payer-1"), _TEXTS),
        "payeeId": st.one_of(st.just("payee-1"), _TEXTS),
        "amount": _AMOUNTS,
        "currency": st.sampled_from(["GBP", "JPY", "gbp", ""]),
        "reference": _TEXTS,
    }
)


def _read(text: str) -> list[Payment | Rejected] | None:
    try:
        return read_batch(text.encode("utf-8", "surrogatepass"), 100)
    except Malformed:
        return None


@settings(max_examples=50)
@given(st.lists(_ENTRIES, min_size=1, max_size=4), st.booleans())
def test_spaces_and_escapes_change_nothing_but_the_digest(entries: list[dict[str, str]], ascii_only: bool) -> None:
    batch = {"payments": entries}
    plain = _read(json.dumps(batch, separators=(",", ":"), ensure_ascii=ascii_only))
    spaced = _read(json.dumps(batch, indent=1, ensure_ascii=ascii_only))
    assert (plain is None) == (spaced is None)
    for one, other in zip(plain or [], spaced or [], strict=True):
        assert one._replace(digest="") == other._replace(digest="")


@settings(max_examples=50)
@given(_ENTRIES, st.booleans())
def test_alone_and_in_a_batch_a_payment_has_one_digest(fields: dict[str, str], compact: bool) -> None:
    separators = (",", ":") if compact else (", ", ": ")
    in_batch = _read(f'{{"payments":[{json.dumps(fields, separators=separators)}]}}')
    alone = {name: value for name, value in fields.items() if name != "idempotencyKey"}
    single = read_single(json.dumps(alone, separators=separators).encode(), fields["idempotencyKey"])
    assert in_batch is None or in_batch == [single]
